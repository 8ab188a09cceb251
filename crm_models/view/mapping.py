"""Which column of a file is which field: guessed from usual names, or told by the user. One mapping per source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crm_models.errors import BadImport


class Kind(StrEnum):
    """What one row of a table is."""

    CUSTOMERS = "customers"
    ORDERS = "orders"  # a line of an order
    EVENTS = "events"  # something a customer looked at or searched


_CUSTOMER_ID = (
    "customerid custid userid clientid recid accountid memberid kundennummer customernumber customerno kundennr "
    "kundenid numeroclient nclient codeclient"
)
_USUAL: dict[Kind, dict[str, str]] = {
    Kind.CUSTOMERS: {
        "customer_id": f"{_CUSTOMER_ID} id",
        "first_name": "firstname givenname forename vorname prenom fname",
        "last_name": "lastname surname familyname nachname lname nom",
        "name": "name fullname customername customer",
        "email": "email emailaddress mail emailid emailadresse mailadresse courriel",
        "phone": "phone phonenumber telephone tel mobile mobilenumber telefon cell",
        "house": "streetnumber housenumber houseno streetno hausnummer",
        "address1": "address1 address addressline1 street streetaddress strasse addr1",
        "address2": "address2 addressline2 addr2",
        "city": "city town suburb ort stadt locality ville",
        "state": "state region province county",
        "postcode": "postcode postalcode zip zipcode plz postleitzahl pincode codepostal",
        "country": "country land pays countrycode",
        "birth_date": "birthdate dateofbirth dob birthday geburtsdatum datenaissance datedenaissance",
        "national_id": "nationalid ssn socsecid socialsecuritynumber taxid idnumber",
        "loyalty_number": "loyaltynumber loyaltyid membershipnumber cardnumber loyaltycard",
        "language": "language lang locale",
        "as_of": "updatedat asof modifiedat lastmodified lastupdated",
        "created_at": "createdat joinedat signupdate registeredat registrationdate created customersince",
    },
    Kind.ORDERS: {
        "order_id": "orderid orderno ordernumber invoiceno invoice invoicenumber transactionid bestellnummer bestellnr "
        "auftragsnummer auftragsnr rechnungsnummer rechnungsnr belegnummer belegnr numerocommande numerodecommande",
        "customer_id": _CUSTOMER_ID,
        "placed_at": "placedat orderdate invoicedate date datetime orderedat createdat timestamp purchasedate "
        "bestelldatum auftragsdatum rechnungsdatum belegdatum datum datecommande datedecommande",
        "item_id": "itemid sku stockcode productid productcode articlenumber article artikelnummer "
        "artikelnr artikel reference",
        "description": "description productname itemname product name title artikelbezeichnung bezeichnung produkt "
        "designation libelle",
        "category": "category productcategory department kategorie warengruppe categorie",
        "quantity": "quantity qty pieces units amountordered menge anzahl quantite",
        "price": "price unitprice itemprice pricepaid einzelpreis stuckpreis preis prixunitaire prix",
        "currency": "currency currencycode wahrung waehrung devise",
        "country": "country countrycode land pays",
    },
    Kind.EVENTS: {
        "event_id": "eventid",
        "customer_id": _CUSTOMER_ID,
        "at": "at createdat timestamp time date datetime eventtime occurredat",
        "event": "event kind eventtype type action",
        "product_id": "productid itemid sku stockcode",
        "query": "query searchterm search q keywords",
    },
}
_NEEDED = {
    Kind.CUSTOMERS: ("customer_id",),
    Kind.ORDERS: ("order_id", "customer_id", "placed_at", "item_id", "quantity", "price"),
    Kind.EVENTS: ("customer_id", "at", "event"),
}


@dataclass(frozen=True)
class Mapping:
    """The kind of rows, and the column of each field that there is."""

    kind: Kind
    columns: dict[str, str]  # field: column
    ignored: tuple[str, ...]  # columns that become nothing

    def by_column(self) -> dict[str, str]:
        """Field by column, for renaming."""
        return {column: field for field, column in self.columns.items()}


def map_columns(
    columns: list[str], source: str, *, kind: Kind | None = None, told: AnyMapping[str, str] | None = None
) -> Mapping:
    """Find out what the columns are.

    Args:
        kind: of the rows; guessed when None.
        told: column by field, from the user; it overrules what would be guessed.

    Raises:
        BadImport: a field or column that is told does not exist; a needed one cannot be found; the kind is unclear.
    """
    kind = kind or _guess_kind(columns, source, told or {})
    given = dict(told or {})
    for field, column in given.items():
        if field not in _USUAL[kind]:
            raise BadImport(
                f"{source}: the mapping names the field {field!r}, but {kind} have only {', '.join(_USUAL[kind])}."
            )
        if column not in columns:
            raise BadImport(f"{source}: the mapping says that {field} is in column {column!r}, but there is none; "
                            f"the columns are {', '.join(columns)}.")  # fmt: skip
    found = _guess(columns, kind, given)
    missing = [field for field in _NEEDED[kind] if field not in found]
    if missing:
        raise BadImport(
            f"{source}: no column looks like {' or '.join(missing)}, which {kind} need; the columns are "
            f"{', '.join(columns)}. Say which it is with --map {missing[0]}=COLUMN."
        )
    return Mapping(kind, found, tuple(column for column in columns if column not in found.values()))


def read_told(entries: list[str]) -> dict[str, str]:
    """`field=COLUMN` pairs, and YAML files of `field: COLUMN`, in one mapping.

    Raises:
        BadImport: an entry is neither.
    """
    told: dict[str, str] = {}
    for entry in entries:
        field, equals, column = entry.partition("=")
        if equals and field and column:
            told[field.strip()] = column.strip()
        else:
            told |= _from_file(Path(entry))
    return told


def _from_file(path: Path) -> dict[str, str]:
    import yaml

    if not path.is_file():
        raise BadImport(
            f"--map {path} is neither FIELD=COLUMN nor a file. Write --map email=MAIL, or name a YAML file."
        )
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadImport(
            f"--map {path} is no YAML: {str(error).splitlines()[0]}. Write a line `email: MAIL` per field."
        ) from error
    if not isinstance(read, dict) or not all(isinstance(each, str) for pair in read.items() for each in pair):
        raise BadImport(f"--map {path} holds no fields. Write a line `email: MAIL` per field.")
    return read


def _guess_kind(columns: list[str], source: str, told: AnyMapping[str, str]) -> Kind:
    able = [
        kind
        for kind in (Kind.ORDERS, Kind.EVENTS, Kind.CUSTOMERS)
        if set(told) <= set(_USUAL[kind]) and all(field in _guess(columns, kind, told) for field in _NEEDED[kind])
    ]
    if able:
        return able[0]
    raise BadImport(
        f"{source}: its columns ({', '.join(columns)}) look like neither customers, orders nor events. "
        "Say what a row is with --kind, and name columns with --map FIELD=COLUMN."
    )


def _guess(columns: list[str], kind: Kind, told: AnyMapping[str, str]) -> dict[str, str]:
    found = dict(told)
    taken = set(found.values())
    for field, names in _USUAL[kind].items():
        for name in names.split():
            column = next((each for each in columns if each not in taken and name in _names(each)), None)
            if field not in found and column is not None:
                found[field] = column
                taken.add(column)
    return found


def _names(column: str) -> tuple[str, ...]:
    """As it is compared; of a nested value (`address.zip`) also the last part."""
    plain = unicodedata.normalize("NFKD", column).casefold()  # Währung is Wahrung
    return re.sub(r"[^a-z0-9]", "", plain), re.sub(r"[^a-z0-9]", "", plain.rsplit(".", 1)[-1])
