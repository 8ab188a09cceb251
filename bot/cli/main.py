"""The `rapport` command: runs it, and turns every mistake of the user's into one sentence and exit code 2."""

from __future__ import annotations

import sys

PYTHON = (3, 11)
MISTAKE = 2


def main() -> None:
    """Entry point of the installed command."""
    if sys.version_info[:2] != PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        print(
            f"Rapport needs Python 3.11, and this is {found}. `make setup` makes an environment that has it.",
            file=sys.stderr,
        )
        sys.exit(MISTAKE)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    import typer

    from bot.cli.app import app

    # typer brings a click of its own and shows these two only as what its own errors derive from.
    usage_error, click_error = typer.BadParameter.__mro__[1:3]
    try:
        result = app(args=arguments, prog_name="rapport", standalone_mode=False)
    except typer.Exit as leaving:
        return leaving.exit_code
    except usage_error as error:
        where = error.ctx.command_path if error.ctx is not None else "rapport"
        said = error.format_message()
        return _say(f"{said}{'' if said.endswith(('.', '?')) else '.'} See `{where} --help`.")
    except click_error as error:
        return _say(error.format_message())
    except (typer.Abort, KeyboardInterrupt):
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        return _say(sentence)
    return result if isinstance(result, int) else 0


def _sentence(error: Exception) -> str | None:
    """What to say about a mistake; None for a failure of the program, which deserves its traceback."""
    from sqlalchemy.exc import OperationalError

    from bot.cli.errors import CliError
    from bot.nlu.errors import NluError
    from crm_models.errors import CrmError
    from demo.errors import DemoError
    from knowledge.errors import KnowledgeError
    from web.errors import WebError

    if isinstance(error, KnowledgeError):  # its messages may follow a file's name, and begin small
        return str(error)[:1].upper() + str(error)[1:]
    if isinstance(error, (CliError, CrmError, DemoError, NluError, WebError)):
        return str(error)
    if isinstance(error, OperationalError):
        return f"The database did not do what was asked: {str(error.orig).splitlines()[0]}."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Choose another place, or change who may use this one."
    return None


def _say(sentence: str) -> int:
    print(sentence if sentence.endswith((".", "?", "!", ")")) else f"{sentence}.", file=sys.stderr)
    return MISTAKE


if __name__ == "__main__":
    main()
