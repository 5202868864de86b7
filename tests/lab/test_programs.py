"""What docs/lab-programs.md shows works: gradio_client, curl and assistants get the CLI's bytes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from realesr.commands.wiring import app

from .test_upscale_page import send, upload

TEXT = (Path(__file__).parents[2] / "docs" / "lab-programs.md").read_text(encoding="utf-8")
HOME = "http://127.0.0.1:7860"


def blocks(language: str, lab: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return [text.replace(HOME, lab) for text in found]


def by_command(folder: Path, *words: str) -> bytes:
    target = folder / "by_command.png"
    done = CliRunner().invoke(
        app, ["upscale", str(folder / "photo.png"), "-o", str(target), "--strip-gps", *words]
    )
    assert done.exit_code == 0, done.output
    return target.read_bytes()


@pytest.fixture
def place(photos, tmp_path):
    shutil.copy(photos["rgb"], tmp_path / "photo.png")
    return tmp_path


def test_the_python_of_the_page_gives_the_commands_bytes(lab, place):
    upscale, inspect = blocks("python", lab)
    run = [sys.executable, "-W", "ignore", "-c"]
    told = subprocess.run([*run, upscale], cwd=place, check=True, capture_output=True, text=True)
    file = Path(told.stdout.splitlines()[-1])
    assert file.name == "photo_x2.png"
    assert file.read_bytes() == by_command(place, "--scale", "2", "--strength", "0.8")
    told = subprocess.run([*run, inspect], cwd=place, check=True, capture_output=True, text=True)
    checked = CliRunner().invoke(app, ["inspect", str(place / "photo.png"), "--json"])
    wanted = json.loads(checked.stdout)["findings"]["noise"]["sentence"]
    assert told.stdout.splitlines()[-1] == wanted


def test_the_curl_of_the_page_gives_the_commands_bytes(lab, place):
    [script] = blocks("sh", lab)
    subprocess.run(["bash", "-euc", script], cwd=place, check=True, timeout=120)
    assert (place / "photo_x2.png").read_bytes() == by_command(place, "--scale", "2")


def test_a_check_up_and_the_models_are_the_commands(lab, photos):
    end, (told,) = send(lab, "inspect", [upload(lab, photos["gray"])])
    assert end == "complete"
    done = CliRunner().invoke(app, ["inspect", str(photos["gray"]), "--json"])
    wanted = json.loads(done.stdout)
    assert {**told, "file": ""} == {**{name: wanted[name] for name in told}, "file": ""}
    _, (models,) = send(lab, "list_models", [])
    done = CliRunner().invoke(app, ["models", "list", "--json"])
    known = {each["name"]: each for each in json.loads(done.stdout)["models"]}
    for model in models:
        assert model == known[model["name"]]


def test_assistants_find_every_promised_tool(start_lab, place):
    """In a process of its own: the client leaves event loops behind, and warnings are errors."""
    lab = start_lab(["-m", "lab.app", "--mcp"])
    [settings] = blocks("json", lab)
    address = json.loads(settings)["mcpServers"]["realesr"]["url"]
    photo = f"{lab}/gradio_api/file=" + str(upload(lab, place / "photo.png")["path"])
    program = f"""
import asyncio, json
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

async def main():
    async with streamablehttp_client({address!r}) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            print(json.dumps({{tool.name: tool.inputSchema for tool in tools}}))
            made = await session.call_tool("upscale", {{"photo": {photo!r}, "scale": 2}})
            print(json.dumps([each.model_dump(mode="json") for each in made.content]))

asyncio.run(main())
"""
    run = [sys.executable, "-W", "ignore", "-c", program]
    told = subprocess.run(run, check=True, capture_output=True, text=True, timeout=240)
    tools, made = (json.loads(line) for line in told.stdout.splitlines()[-2:])
    assert {"upscale", "degrade", "replay", "compare", "inspect", "list_models"} <= set(tools)
    assert "plain bicubic" in tools["upscale"]["properties"]["strength"]["description"]
    assert "photo_x2.png" in json.dumps(made)
