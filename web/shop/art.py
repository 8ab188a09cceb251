"""A small picture for a product without one: always the same for the same product, drawn from its id."""

from __future__ import annotations

import hashlib

from markupsafe import Markup


def tone(name: str) -> int:
    """One of eight colour sets, by name."""
    return hashlib.sha256(name.encode()).digest()[0] % 8


def still_life(product_id: str) -> Markup:
    """A still life of three or four plain shapes on a table; colours come from the style sheet."""
    seed = hashlib.sha256(product_id.encode()).digest()
    table = 118 + seed[0] % 12
    left, middle, right = 46 + seed[1] % 16, 92 + seed[2] % 18, 142 + seed[3] % 16
    tall, wide, low = 46 + seed[4] % 34, 34 + seed[5] % 22, 20 + seed[6] % 16
    moon = 20 + seed[7] % 14
    vessel = (
        f'<path class="s1" d="M{middle - wide / 2} {table} q-6 -{tall / 2} 6 -{tall} '
        f'h{wide - 12} q12 {tall / 2} 6 {tall} z"/>'
    )
    shapes = [
        f'<circle class="s3" cx="{140 - seed[8] % 80}" cy="{34 + seed[9] % 16}" r="{moon}"/>',
        f'<rect class="s2" x="{left - 16}" y="{table - low - 14}" width="34" height="{low + 14}" '
        f'rx="{5 + seed[10] % 12}"/>',
        vessel,
        f'<circle class="s4" cx="{right}" cy="{table - low / 2 - 4}" r="{low / 2 + 4}"/>',
    ]
    return Markup(
        '<svg viewBox="0 0 200 150" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        '<rect class="s0" width="200" height="150"/>'
        + "".join(shapes[: 3 + seed[11] % 2])
        + f'<rect class="s5" y="{table}" width="200" height="{150 - table}"/></svg>'
    )
