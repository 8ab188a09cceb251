"""What can go wrong in understanding a message.

NluError
├── BaseEncoderError       the weights to start from are missing, altered or of another kind
├── TrainingDataError      the examples are too few to learn and to calibrate from
├── ExportError            the exported encoder differs from the trained one
├── SentimentModelError    the sentiment adapter or what was made of it is missing or altered
├── EncoderArchiveError    a model archive holds no encoder, or an unsafe one
├── EntityFileError        a file of words and their tags cannot be read
└── ComponentOrderError    a component runs before the one that it needs
"""


class NluError(Exception):
    """Base of the errors of `bot.nlu`."""


class BaseEncoderError(NluError):
    pass


class TrainingDataError(NluError):
    pass


class ExportError(NluError):
    pass


class SentimentModelError(NluError):
    pass


class EncoderArchiveError(NluError):
    pass


class EntityFileError(NluError):
    pass


class ComponentOrderError(NluError):
    pass
