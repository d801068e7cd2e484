"""Healthy is an application that can take calls, by its own checks: exit status 0."""

from __future__ import annotations

import urllib.request

urllib.request.urlopen("http://127.0.0.1:9464/health/ready", timeout=4)
