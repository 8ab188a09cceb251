"""What can go wrong in `knowledge`, one tree:

KnowledgeError
 ├─ StoreError               the passage database cannot be used
 │   └─ StoreTooNew          it was written by a newer version
 ├─ DocumentError            one file cannot be taken in
 ├─ CandidateError           a candidate cannot be decided like this
 │   └─ UnknownCandidate     there is none of this id
 ├─ ComposeError             a language model is of no help
 ├─ EncoderError             an encoder folder or its output is unusable
 │   └─ EncoderMissing       there is no encoder folder
 └─ SearchIndexError         the search index cannot be used
     ├─ IndexMissing         none has been built
     ├─ IndexMismatch        it was built with another encoder
     └─ IndexDamaged         a file of it is incomplete or changed
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Base of every error of this package; the message names the thing, the value and the remedy."""


class StoreError(KnowledgeError):
    """The passage database cannot be used."""


class StoreTooNew(StoreError):
    """The passage database was written by a newer version of this package."""


class DocumentError(KnowledgeError):
    """One file cannot be taken in; the message is the reason, without the file's name."""


class CandidateError(KnowledgeError):
    """A candidate from the tickets cannot be decided like this."""


class UnknownCandidate(CandidateError):
    """There is no candidate of this id."""


class ComposeError(KnowledgeError):
    """A language model cannot be used, or did not answer as it should."""


class EncoderError(KnowledgeError):
    """An encoder folder, or what the encoder returned, is unusable."""


class EncoderMissing(EncoderError):
    """There is no encoder in the folder."""


class SearchIndexError(KnowledgeError):
    """The search index cannot be used."""


class IndexMissing(SearchIndexError):
    """No index has been built yet."""


class IndexMismatch(SearchIndexError):
    """The index was built with another encoder than the one in use."""


class IndexDamaged(SearchIndexError):
    """A file of the index is missing, incomplete or changed."""
