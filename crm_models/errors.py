"""What can go wrong with the shop's data.

CrmError
├── DatabaseError
│   ├── BadDatabaseUrl        the address of the database cannot be used
│   ├── DatabaseUnreachable   the server or file does not answer
│   ├── DatabaseNotReady      never migrated, or older than this program
│   └── DatabaseTooNew        written by a newer version of this program
├── BadTable                  rows that a model cannot be fitted on
├── BadModel                  a folder that holds no model this program can read
├── UnknownModel              no customer model has this name
├── UnknownVersion            a version of a model that is not kept
├── SparkMissing              scores shall be made on Spark, and it or Java is not there
├── BadExport                 what shall be exported, or where to, makes no sense
├── BadCampaign               a campaign that makes no control group
├── BadExperiment             an experiment that cannot be made like this
├── UnknownExperiment         there is no experiment of this name
├── BadPolicy                 the shop's terms or its offer policy contain an impossible value
├── BadShop                   a folder that cannot be imported
├── BadImport                 a table of customers, orders or events that cannot be imported
├── BadLink                   two customers that cannot be linked, or were never
├── ShopNotEmpty              an import would mix two shops
├── BadToken                  an identity token that proves nothing
├── UnknownConversation       a proof of identity for a conversation that was never opened
├── BadStaff                  a staff account that cannot be made
└── IllegalTransition         a gap cannot go from its status to the wanted one

An expected refusal ("this order is not yours") is an enum outcome, never an exception.
"""

from __future__ import annotations


class CrmError(Exception):
    """Base of everything this package raises."""


class DatabaseError(CrmError):
    """The database cannot be used as it is."""


class BadDatabaseUrl(DatabaseError):
    """The address of the database cannot be used."""


class DatabaseUnreachable(DatabaseError):
    """The server or the file does not answer."""


class DatabaseNotReady(DatabaseError):
    """The database was never migrated, or is older than this program."""


class DatabaseTooNew(DatabaseError):
    """A newer version of this program wrote the database."""


class BadTable(CrmError):
    """Rows that a model cannot be fitted on."""


class BadModel(CrmError):
    """A folder that holds no model this program can read."""


class UnknownModel(CrmError):
    """No customer model has this name."""


class UnknownVersion(CrmError):
    """A version of a model that is not kept."""


class SparkMissing(CrmError):
    """Scores shall be made on Spark, and it or Java is not there."""


class BadExport(CrmError):
    """What shall be exported, or where to, makes no sense."""


class BadCampaign(CrmError):
    """A campaign that makes no control group."""


class BadExperiment(CrmError):
    """An experiment that cannot be made like this: names every mistake."""


class UnknownExperiment(CrmError):
    """There is no experiment of this name."""


class BadPolicy(CrmError):
    """The shop's terms or its offer policy contain an impossible value."""


class BadShop(CrmError):
    """A folder that cannot be imported: names file, record and rule."""


class BadImport(CrmError):
    """A table of customers, orders or events that cannot be imported: names source, column and rule."""


class BadLink(CrmError):
    """Two customers that cannot be linked, or were never."""


class ShopNotEmpty(CrmError):
    """An import would mix two shops."""


class BadToken(CrmError):
    """An identity token that proves nothing."""


class UnknownConversation(CrmError):
    """A proof of identity for a conversation that was never opened."""


class BadStaff(CrmError):
    """A staff account that cannot be made."""


class IllegalTransition(CrmError):
    """A gap cannot go from its status to the wanted one."""
