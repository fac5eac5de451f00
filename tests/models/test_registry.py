from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import NotFoundError
from assay.models import Model, ModelSettings, open_model, providers
from assay.records import Message, Request
from tests.support.strangers import installed

HELLO = Request((Message("user", "hello"),))


def test_our_own_providers_come_through_the_entry_points() -> None:
    assert {"anthropic", "local", "openai", "python", "scripted"} <= set(providers())


async def test_the_name_is_split_at_its_first_slash() -> None:
    model = open_model("openai/meta-llama/Llama-3", ModelSettings(base_url="http://127.0.0.1:9/v1"))
    assert model.name == "openai/meta-llama/Llama-3"
    assert model.details["model"] == "meta-llama/Llama-3"
    await model.close()


@pytest.mark.parametrize("name", ["", "gpt-4", "nobody/model", "openai/", "/x"])
def test_a_name_that_names_no_model_lists_the_providers(name: str) -> None:
    with pytest.raises(NotFoundError, match="anthropic, local, openai, python, scripted"):
        open_model(name)


async def test_a_strangers_package_adds_a_provider(tmp_path: Path) -> None:
    code = (
        "from assay.models import Scripted\n"
        "def create(model, settings):\n"
        "    return Scripted([f'{model} {settings.timeout:g}'], name='strange/' + model)\n"
    )
    entry_points = "[assay.models]\nstrange = strange:create\n"
    with installed(tmp_path, "strange", code, entry_points):
        model: Model = open_model("strange/one", ModelSettings(timeout=5))
        assert (await model.generate(HELLO)).text == "one 5"
