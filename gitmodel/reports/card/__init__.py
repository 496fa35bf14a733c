"""The model card of a version: what it is, trained on what, how good, where it fails, who owns it."""

from gitmodel.reports.card.card import Card, card_document
from gitmodel.reports.card.reading import read_card
from gitmodel.reports.card.writing import card_html, write_card

__all__ = ["Card", "card_document", "card_html", "read_card", "write_card"]
