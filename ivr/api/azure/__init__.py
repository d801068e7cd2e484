"""The contract of Azure Speaker Recognition's REST API, version 2021-09-05.

Programs written for it move by changing the address and the key; docs/moving-from-azure.md says
what is the same and what differs. Paths, names and limits follow Azure's published description
(azure-rest-api-specs, cognitiveservices/data-plane/SpeakerRecognition, 2021-09-05); codes of errors
follow that of its forerunner v2.0, which alone lists them.
"""

from ivr.api.azure.operations import operations
from ivr.api.azure.rendering import STYLE, key_in_header, render_error
from ivr.api.face import Face

FACE = Face("/speaker-recognition", operations(), key_in_header, render_error, STYLE)
