"""Short forms of first names, used cautiously: a nickname supports a link, it never makes one alone."""

from __future__ import annotations

# Widely used short forms only; each group is one set of names that the same person may go by.
_GROUPS = (
    "alexander alex sasha xander",
    "alexandra alex sandra sasha",
    "andrew andy drew",
    "anthony tony",
    "barbara barb babs",
    "benjamin ben benny",
    "catherine katherine kathryn cathy kathy kate katie",
    "charles charlie chuck",
    "christina christine chris tina",
    "christopher chris",
    "daniel dan danny",
    "david dave davey",
    "deborah debra deb debbie",
    "dorothy dot dottie",
    "edward ed eddie ted",
    "elizabeth elisabeth liz lizzie beth betty eliza",
    "frances fran",
    "francis frank",
    "gregory greg",
    "henry harry hank",
    "jacqueline jackie",
    "james jim jimmy jamie",
    "jennifer jen jenny",
    "jessica jess jessie",
    "john jack johnny jon",
    "jonathan jon",
    "joseph joe joey",
    "joshua josh",
    "katharina kathi kathrin",
    "lawrence laurence larry",
    "leonard len lenny",
    "margaret maggie meg peggy",
    "matthew matt",
    "michael mike mick mickey",
    "nicholas nick nicky",
    "nicole nicky",
    "patricia pat patty tricia",
    "patrick pat paddy",
    "peter pete",
    "philip phillip phil",
    "rebecca becky becca",
    "richard rick dick richie",
    "robert rob bob bobby robbie",
    "ronald ron ronnie",
    "samantha sam",
    "samuel sam sammy",
    "stephanie steph",
    "stephen steven steve",
    "susan sue susie",
    "theodore ted theo",
    "theresa terry tess",
    "thomas tom tommy",
    "timothy tim",
    "victoria vicky tori",
    "vincent vince",
    "william will bill billy willie liam",
)

_NAMES: dict[str, frozenset[int]] = {}
for _number, _group in enumerate(_GROUPS):
    for _name in _group.split():
        _NAMES[_name] = _NAMES.get(_name, frozenset()) | {_number}


def may_be_same(first: str, second: str) -> bool:
    """Whether two normalised first names are the same, an initial of one another, or forms of one name."""
    if first == second:
        return True
    if min(len(first), len(second)) == 1:
        return first[0] == second[0]
    return bool(_NAMES.get(first, frozenset()) & _NAMES.get(second, frozenset()))
