"""What can go wrong with the demo shop's files.

DemoError
├── BadCatalogue   a product file breaks a rule
└── BadPersonas    a persona refers to something that does not exist

A database that is already in use is refused with `crm_models.errors.ShopNotEmpty`.
"""

from __future__ import annotations


class DemoError(Exception):
    """Base of everything this package raises."""


class BadCatalogue(DemoError):
    """A product file breaks a rule: names the file, the product and the rule."""


class BadPersonas(DemoError):
    """A persona refers to something that does not exist."""
