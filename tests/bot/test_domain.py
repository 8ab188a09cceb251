"""Code and domain agree: nothing is said that has no sentence, no sentence is there that nobody says."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

import actions
from actions.order_choice import OrderField
from actions.shop_action import ShopAction
from actions.task_form import TaskForm
from actions.words import languages_of
from bot.channels import fragments, waiting
from bot.channels.turns import LEFT, NEXT, TROUBLE
from bot.nlu import matters
from tests.bot.outcomes import COMPUTED, COMPUTED_WORDS
from tests.bot.said import PROJECT, Said, calls

BOT = PROJECT / "bot"
DATA = BOT / "data"
# What the bot asks is named by Rasa: the form's slot, with or without the form before it.
ASKS = ("utter_ask_{form}_{slot}", "utter_ask_{slot}", "action_ask_{slot}")


@cache
def read(path: Path) -> Any:
    # Not ruamel: Rasa teaches it to fill in environment variables.
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def domain() -> dict[str, Any]:
    """All files of bot/domain together."""
    whole: dict[str, Any] = {"intents": [], "actions": [], "responses": {}, "forms": {}, "slots": {}}
    for path in sorted((BOT / "domain").glob("*.yml")):
        for key, value in read(path).items():
            if isinstance(value, list):
                whole[key] = whole.get(key, []) + value
            elif isinstance(value, dict):
                whole[key] = {**whole.get(key, {}), **value}
    return whole


@cache
def rasa_domain() -> Any:
    from rasa.shared.core.domain import Domain

    return Domain.load(BOT / "domain")


def classes(base: type) -> Iterator[type]:
    """Every class below `base` that can be made, with all modules of the actions loaded."""
    for path in Path(actions.__file__).parent.glob("*.py"):
        importlib.import_module(f"actions.{path.stem}" if path.stem != "__init__" else "actions")
    for each in base.__subclasses__():
        yield from classes(each)
        if not inspect.isabstract(each):
            yield each


def forms() -> list[type[TaskForm]]:
    return sorted(classes(TaskForm), key=lambda form: form.form)


def refusals() -> Iterator[tuple[str, str]]:
    """What a task's order is refused for: topic, and what `refuses` returns."""
    for form in forms():
        for each in form.fields:
            if isinstance(each, OrderField):
                for node in ast.walk(ast.parse(inspect.getsource(each.refuses))):
                    if isinstance(node, ast.Return) and node.value is not None:
                        for constant in ast.walk(node.value):
                            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                                yield each.topic, constant.value


def topics_of_orders() -> set[str]:
    return {each.topic for form in forms() for each in form.fields if isinstance(each, OrderField)}


def literal_names(said: Said) -> Iterator[str]:
    """The responses a call names in full."""
    if said.parts and all(part is not None for part in said.parts):
        for parts in product(*(part for part in said.parts if part)):
            yield "utter_" + "_".join(parts)


def everything_said() -> dict[str, str]:
    """Each response the code can ask for, with where."""
    found = {name: said.place for said in calls("say") for name in literal_names(said)}
    found |= {f"utter_{topic}_{outcome}": "tests/bot/outcomes.py" for topic in COMPUTED for outcome in COMPUTED[topic]}
    found |= {f"utter_{topic}_{refusal}": f"refuses, for {topic}" for topic, refusal in refusals()}
    found |= {f"utter_{topic}_none": "actions/order_choice.py" for topic in topics_of_orders()}
    for form in forms():
        for each in form.fields:
            if type(each).__name__ == "NewItemField":
                found[f"utter_{each.topic}_no_options"] = "actions/fields.py"  # type: ignore[attr-defined]
            if getattr(each, "_none", None):
                found[f"utter_{each._none}"] = "actions/fields.py"  # type: ignore[attr-defined]
    # What an action says has perhaps a sentence for an unhappy customer; what a rule says by itself has none.
    found |= {f"{name}_calm": place for name, place in found.items() if f"{name}_calm" in domain()["responses"]}
    return found | dict.fromkeys((TROUBLE, NEXT, LEFT), "bot/channels/turns.py")


def every_word() -> dict[str, str]:
    found = {f"utter_word_{name}": said.place for said in calls("word") if said.parts for name in said.parts[0] or ()}
    return found | {
        f"utter_word_{first}_{rest}": "computed" for first in COMPUTED_WORDS for rest in COMPUTED_WORDS[first]
    }


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every rule and story, alternatives one by one."""
    for path in sorted(DATA.glob("*.yml")):
        for kind in ("rules", "stories"):
            for told in read(path).get(kind, []):
                for step in told["steps"]:
                    for each in step.get("or", [step]):
                        yield f"{path.name}: {told.get('rule') or told.get('story')}", each


def prompts() -> set[str]:
    """What forms ask with: the first name that the domain has, of each slot."""
    found = set()
    for form, body in domain()["forms"].items():
        for slot in {*body["required_slots"], "email", "code"}:
            names = [pattern.format(form=form, slot=slot) for pattern in ASKS]
            found |= {name for name in names if name in domain()["responses"]}
    return found


def test_everything_that_is_said_has_its_sentence() -> None:
    missing = {name: place for name, place in everything_said().items() if name not in domain()["responses"]}
    assert not missing


def test_every_word_stands_in_the_domain() -> None:
    missing = {name: place for name, place in every_word().items() if name not in domain()["responses"]}
    assert not missing


def test_computed_outcomes_are_known_to_this_test() -> None:
    known = {"actions/fields.py", "actions/order_choice.py", "actions/consent.py", "actions/shop_action.py"}
    for said in calls("say"):
        if said.place.partition(":")[0] in known or None not in said.parts:
            continue
        assert said.parts[0] and set(said.parts[0]) <= set(COMPUTED), f"{said.place}: note its outcomes in outcomes.py"


def test_every_sentence_is_said_somewhere() -> None:
    used = {*everything_said(), *every_word(), *prompts()}
    used |= {step["action"] for _, step in steps() if "action" in step}
    used |= {name for name in read(BOT / "domain" / "experiments.yml")["responses"]}
    unused = {
        name
        for name in domain()["responses"]
        if name not in used and not name.startswith(("utter_choice_", "utter_web_", "utter_notice_"))
    }
    assert not unused


def test_a_sentence_of_an_experiment_has_the_fields_of_the_one_it_stands_in_for() -> None:
    said, sentences = everything_said(), domain()["responses"]
    for name in read(BOT / "domain" / "experiments.yml")["responses"]:
        replaced = max((each for each in said if name.startswith(f"{each}_")), key=len)
        fields, known = (set(re.findall(r"{(\w+)}", str(sentences[each]))) for each in (name, replaced))
        assert fields <= known, f"{name} has fields that {replaced} is not given"


def test_a_sentence_without_cheer_needs_no_other_fields_and_sells_nothing() -> None:
    calm = read(BOT / "domain" / "calm.yml")["responses"]
    for name, variants in calm.items():
        usual = domain()["responses"][name.removesuffix("_calm")]
        fields = {field for variant in usual for field in re.findall(r"{(\w+)}", variant["text"])}
        for variant in variants:
            assert set(re.findall(r"{(\w+)}", variant["text"])) <= fields, name
            assert "!" not in variant["text"], name
            assert not [each for each in variant.get("buttons", []) if each["payload"] == "/recommend"], name


def test_web_sentences_are_used() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (PROJECT / "web").rglob("*")
        if path.suffix in (".py", ".html", ".js")
    )
    for name in domain()["responses"]:
        if name.startswith("utter_web_"):
            short = name.removeprefix("utter_web_").removeprefix("label_")
            assert re.search(rf"\b{short}\b", source), f"{name} is used nowhere in web/"


def test_choices_name_intents() -> None:
    choices = {name.removeprefix("utter_choice_") for name in domain()["responses"] if name.startswith("utter_choice_")}
    assert choices <= set(domain()["intents"])


def test_every_form_can_ask_for_each_of_its_slots() -> None:
    has = {*domain()["responses"], *domain()["actions"]}
    for form, body in domain()["forms"].items():
        for slot in {*body["required_slots"], "email", "code"}:
            assert {pattern.format(form=form, slot=slot) for pattern in ASKS} & has, f"{form} cannot ask for {slot}"


def test_forms_of_code_and_domain_are_the_same() -> None:
    of_code = {form.form: [each.slot for each in form.fields] for form in forms()}
    of_domain = {
        name: [slot for slot in body["required_slots"] if slot not in ("email", "code")]
        for name, body in domain()["forms"].items()
    }
    assert of_code == of_domain


def test_actions_of_code_and_domain_are_the_same() -> None:
    assert {each().name() for each in classes(ShopAction)} == set(domain()["actions"])


@pytest.mark.parametrize("kind", ["intent", "action", "active_loop"])
def test_rules_and_stories_name_what_exists(kind: str) -> None:
    known = {
        "intent": set(domain()["intents"]),
        "action": {*domain()["actions"], *domain()["responses"], *domain()["forms"]},
        "active_loop": {*domain()["forms"], None},
    }[kind]
    for place, step in steps():
        if kind in step:
            assert step[kind] in known, f"{place}: there is no {kind} {step[kind]}"


def test_every_intent_is_answered_by_a_rule() -> None:
    answered = {step["intent"] for _, step in steps() if "intent" in step}
    assert answered == set(domain()["intents"])


def test_requests_and_tasks_of_the_splitter_are_those_of_domain_and_rules() -> None:
    assert set(domain()["intents"]) >= matters.REQUESTS
    begun = {
        step["intent"]
        for rule in read(DATA / "tasks.yml")["rules"]
        if rule["rule"].startswith("start")
        for step in rule["steps"][0].get("or", rule["steps"][:1])
    }
    assert begun == matters.TASKS
    assert set(domain()["intents"]) >= waiting.ENDING
    assert set(domain()["responses"]) >= fragments.UNSETTLED


def test_every_intent_has_examples() -> None:
    told = {each["intent"] for path in (DATA / "nlu").glob("*.yml") for each in read(path)["nlu"] if "intent" in each}
    # These are what the bot makes of a message; nobody says them.
    assert told == set(domain()["intents"]) - {"nlu_ambiguous", "nlu_unsure", "nlu_foreign_language"}


def test_buttons_of_the_domain_are_payloads_of_known_intents() -> None:
    for name, variants in domain()["responses"].items():
        for variant in variants:
            for button in variant.get("buttons", []):
                intent = re.match(r"/(\w+)", button["payload"])
                assert intent and intent.group(1) in domain()["intents"], f"{name}: {button['payload']}"


def test_rasa_loads_the_domain_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    rasa_domain().check_missing_responses()
    assert not [str(each.message) for each in recwarn if "utter_" in str(each.message)]


def test_a_language_has_both_its_sentences_and_a_button_to_a_person() -> None:
    said, asked = languages_of("foreign_language"), languages_of("foreign_asked")
    assert said - {"en"} == asked
    for language in said:
        (variant,) = domain()["responses"][f"utter_foreign_language_{language}"]
        assert [button["payload"] for button in variant["buttons"]] == ["/ask_person"]


def test_the_identifier_knows_the_language_the_bot_is_made_for() -> None:
    config = read(PROJECT / "config.yml")
    (identifier,) = (each for each in config["pipeline"] if each["name"].endswith("LanguageIdentifier"))
    assert config["language"] in identifier["languages"]


def dotted_paths() -> Iterator[tuple[str, str]]:
    config = read(PROJECT / "config.yml")
    for part in ("pipeline", "policies"):
        for entry in config[part]:
            yield "config.yml", entry["name"]
    for name, entry in read(BOT / "endpoints.yml").items():
        if "type" in entry:
            yield f"endpoints.yml: {name}", entry["type"]
    for name in read(BOT / "credentials.yml"):
        yield "credentials.yml", name


@pytest.mark.parametrize(("place", "path"), list(dotted_paths()))
def test_dotted_paths_import(place: str, path: str) -> None:
    if "." not in path:  # one of Rasa's own
        from rasa.engine.recipes.default_recipe import DefaultV1Recipe

        assert DefaultV1Recipe._from_registry(path)
        return
    module, _, name = path.rpartition(".")
    assert inspect.isclass(getattr(importlib.import_module(module), name)), f"{place}: {path}"
