"""Demo markets: a documented model of retail delivery around three malls, made on the spot and labelled synthetic.

The model is described in ``docs/demo.md``; its parameters are ``data.demo.model.MODEL``.
"""

from data.demo.content import content_hash
from data.demo.generate import build

__all__ = ["build", "content_hash"]
