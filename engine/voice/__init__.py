"""From speech to a voice: the model card, its features, and the network that makes embeddings."""

from engine.voice.card import Card, card_in, read_card
from engine.voice.embedder import Embedder
from engine.voice.frontend import LogMel
from engine.voice.kaldi import KaldiBank

__all__ = ["Card", "Embedder", "KaldiBank", "LogMel", "card_in", "read_card"]
