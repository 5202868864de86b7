"""The viewer's arithmetic, run where it will run: in the browser's JavaScript, without a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
FIT = {"fit": True, "zoom": 1, "x": 0.5, "y": 0.5}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def geometry(browser):
    """Calls a function of geometry.js by name."""
    page = browser.new_page()
    source = (ROOT / "lab" / "viewer" / "geometry.js").read_text(encoding="utf-8")
    page.evaluate(f"() => {{ {source}; globalThis.geometry = geometry; }}")
    yield lambda name, *values: page.evaluate(
        "([name, values]) => geometry[name](...values)", [name, list(values)]
    )
    page.close()


def size(low, high):
    return st.fixed_dictionaries(
        {"width": st.integers(low, high), "height": st.integers(low, high)}
    )


panel_at = st.builds(
    lambda box, x, y: box | {"x": x, "y": y},
    size(40, 1600),
    st.integers(0, 50),
    st.integers(0, 50),
)
views = st.fixed_dictionaries(
    {
        "fit": st.just(False),
        "zoom": st.floats(0.01, 40),
        "x": st.floats(-1, 2),
        "y": st.floats(-1, 2),
    }
)
relaxed = settings(max_examples=60, deadline=None)


@given(scene=size(1, 5000), panel=panel_at)
@relaxed
def test_fit_shows_everything_and_enlarges_by_whole_factors_only(geometry, scene, panel):
    zoom = geometry("fitZoom", scene, panel)
    assert 0 < zoom <= 16
    assert scene["width"] * zoom <= panel["width"] * (1 + 1e-9)
    assert scene["height"] * zoom <= panel["height"] * (1 + 1e-9)
    assert zoom < 1 or zoom == int(zoom)


@given(view=views, scene=size(1, 5000), panel=panel_at)
@example(  # a zoom that snaps to the one that fits must stay what it was
    view={"fit": False, "zoom": 1.03125, "x": 0.0, "y": 0.0},
    scene={"width": 1, "height": 21},
    panel={"width": 40, "height": 40, "x": 0, "y": 0},
)
@relaxed
def test_pictures_start_on_a_whole_device_pixel_and_leave_no_gap(geometry, view, scene, panel):
    settled = geometry("settle", view, scene, panel)
    corner = geometry("origin", settled, scene, panel)
    assert corner["x"] == int(corner["x"]) and corner["y"] == int(corner["y"])
    for axis, side in (("x", "width"), ("y", "height")):
        start, length = corner[axis], scene[side] * corner["zoom"]
        if length >= panel[side]:
            assert start <= panel[axis] + 1 and start + length >= panel[axis] + panel[side] - 1
        else:
            assert abs((start - panel[axis]) * 2 + length - panel[side]) <= 1.001
    assert geometry("settle", settled, scene, panel)["zoom"] == pytest.approx(settled["zoom"])


@given(
    scene=size(800, 4000), panel=panel_at, zoom=st.floats(2, 8), share=st.floats(0.4, 0.6),
    factor=st.floats(1.0, 2.0),
)  # fmt: skip
@relaxed
def test_zooming_keeps_the_point_under_the_pointer(geometry, scene, panel, zoom, share, factor):
    view = geometry("settle", {"fit": False, "zoom": zoom, "x": 0.5, "y": 0.5}, scene, panel)
    x, y = panel["x"] + panel["width"] * share, panel["y"] + panel["height"] * share
    before = geometry("origin", view, scene, panel)
    zoomed = geometry("zoomAt", view, scene, panel, zoom * factor, x, y)
    after = geometry("origin", zoomed, scene, panel)
    half = [panel[side] / 2 / after["zoom"] / scene[side] for side in ("width", "height")]
    at_the_edge = any(
        not (h + 1e-6 < zoomed[axis] < 1 - h - 1e-6) for axis, h in zip("xy", half, strict=True)
    )
    if not at_the_edge:
        for axis, place in (("x", x), ("y", y)):
            point = (place - before[axis]) / before["zoom"]
            assert abs(after[axis] + point * after["zoom"] - place) <= 0.5 * (factor + 1) + 1e-6


def test_zoom_snaps_to_whole_factors_and_only_near_them(geometry):
    assert geometry("snapZoom", 1.03) == 1
    assert geometry("snapZoom", 3.9) == 4
    assert geometry("snapZoom", 15.7) == 16
    assert geometry("snapZoom", 1.3) == 1.3
    assert geometry("snapZoom", 0.51) == 0.51


def test_a_wheel_that_turns_slowly_is_not_caught_by_a_whole_factor(geometry):
    scene, panel = {"width": 4000, "height": 4000}, {"x": 0, "y": 0, "width": 500, "height": 500}
    view = {"fit": False, "zoom": 1, "x": 0.5, "y": 0.5}
    for _ in range(20):
        view = geometry("zoomAt", view, scene, panel, view["zoom"] * 1.01, 250, 250)
    assert geometry("zoomOf", view, scene, panel) > 1.2


def test_the_zoom_ladder_goes_from_fit_to_sixteen_and_back(geometry):
    zoom, rising = 0.54, []
    while zoom < 16:
        zoom = geometry("nextZoom", zoom, 0.54, 1)
        rising.append(zoom)
    assert rising == [1, 2, 4, 8, 16]
    falling = []
    while zoom > 0.54:
        zoom = geometry("nextZoom", zoom, 0.54, -1)
        falling.append(zoom)
    assert falling == [8, 4, 2, 1, 0.54]
    assert geometry("nextZoom", 0.54, 0.54, -1) == 0.54
    assert geometry("nextZoom", 16, 0.54, 1) == 16


def test_a_small_picture_can_go_down_to_one_to_one(geometry):
    assert geometry("nextZoom", 3, 3, -1) == 2
    assert geometry("nextZoom", 1, 3, -1) == 1


@pytest.mark.parametrize(
    ("key", "big", "expected"),
    [
        ("ArrowRight", False, 0.51),
        ("ArrowLeft", False, 0.49),
        ("ArrowUp", False, 0.51),
        ("ArrowDown", False, 0.49),
        ("ArrowRight", True, 0.6),
        ("ArrowLeft", True, 0.4),
        ("PageUp", False, 0.6),
        ("PageDown", False, 0.4),
        ("Home", False, 0),
        ("End", False, 1),
        ("a", False, None),
    ],
)
def test_keys_move_the_wipe(geometry, key, big, expected):
    assert geometry("wipeKey", 0.5, key, big) == expected


def test_the_wipe_stops_at_its_ends(geometry):
    assert geometry("wipeKey", 0, "ArrowLeft", True) == 0
    assert geometry("wipeKey", 1, "ArrowRight", False) == 1


@given(panel=panel_at, share=st.floats(0, 1))
@relaxed
def test_the_wipe_stands_on_a_whole_pixel_and_is_found_again(geometry, panel, share):
    edge = geometry("wipeEdge", panel, share)
    assert edge == int(edge) and panel["x"] <= edge <= panel["x"] + panel["width"]
    assert abs(geometry("wipeShare", panel, edge) - share) <= 0.5 / panel["width"] + 1e-12
    assert geometry("wipeShare", panel, -1e6) == 0
    assert geometry("wipeShare", panel, 1e6) == 1


@given(count=st.integers(1, 9), stage=size(200, 2000), scene=size(1, 3000))
@relaxed
def test_panels_lie_inside_the_stage_without_overlap_and_below_their_caption(
    geometry, count, stage, scene
):
    panels = geometry("panels", count, stage, scene, 8, 12)
    assert len(panels) == count
    assert len({(panel["width"], panel["height"]) for panel in panels}) == 1
    for number, one in enumerate(panels):
        assert one["x"] >= 0 and one["y"] >= 12
        assert one["x"] + one["width"] <= stage["width"]
        if one["height"] > 1:
            assert one["y"] + one["height"] <= stage["height"]
        for other in panels[number + 1 :]:
            apart_x = abs(one["x"] - other["x"]) >= one["width"] + 8
            apart_y = abs(one["y"] - other["y"]) >= one["height"] + 12
            assert apart_x or apart_y


def test_two_wide_pictures_stand_one_above_the_other_on_a_phone(geometry):
    panels = geometry(
        "panels", 2, {"width": 328, "height": 500}, {"width": 1600, "height": 900}, 8, 12
    )
    assert panels[0]["x"] == panels[1]["x"] and panels[1]["y"] > panels[0]["y"]


@given(zoom=st.integers(1, 16), corner_x=st.integers(-300, 300), pixel=st.integers(0, 1023))
@relaxed
def test_every_device_pixel_belongs_to_the_scene_pixel_drawn_there(geometry, zoom, corner_x, pixel):
    corner = {"x": corner_x, "y": 0, "zoom": zoom}
    scene = {"width": 1024, "height": 1024}
    small = {"width": 256, "height": 256, "scale": 4}
    for device in (corner_x + pixel * zoom, corner_x + (pixel + 1) * zoom - 1):
        point = geometry("sceneAt", corner, scene, device, 0)
        assert point == {"x": pixel, "y": 0}
        assert geometry("pixelAt", point, small) == {"x": pixel // 4, "y": 0}


def test_outside_there_is_no_pixel(geometry):
    corner, scene = {"x": 10, "y": 10, "zoom": 2}, {"width": 5, "height": 5}
    assert geometry("sceneAt", corner, scene, 9, 12) is None
    assert geometry("sceneAt", corner, scene, 20, 12) is None
    assert geometry("pixelAt", None, {"width": 5, "height": 5, "scale": 1}) is None


@given(
    view=views, scene=size(1, 3000), panel=panel_at, scale=st.sampled_from([1, 2, 4]),
    side=st.sampled_from([256, 1024, 4096]),
)  # fmt: skip
@relaxed
def test_the_pieces_drawn_cover_all_that_shows_and_meet(geometry, view, scene, panel, scale, side):
    picture = {"width": scene["width"], "height": scene["height"], "scale": scale}
    scene = {"width": scene["width"] * scale, "height": scene["height"] * scale}
    settled = geometry("settle", view, scene, panel)
    corner = geometry("origin", settled, scene, panel)
    whole = geometry("boxOf", corner, picture, {"left": 0, "top": 0} | picture)
    drawn = 0
    for piece in geometry("tilesOf", picture, side):
        box = geometry("boxOf", corner, picture, piece)
        assert box["x"] == int(box["x"]) and box["width"] == int(box["width"])
        drawn += box["width"] * box["height"]
        part = geometry("visiblePart", box, piece, panel)
        if part is None:
            assert not geometry("meet", box, panel)
            continue
        assert 0 <= part["sx"] and part["sx"] + part["sw"] <= piece["width"]
        left, right = max(panel["x"], box["x"]), box["x"] + box["width"]
        right = min(panel["x"] + panel["width"], right)
        assert part["dx"] <= left + 1e-6 and part["dx"] + part["dw"] >= right - 1e-6
    assert drawn == whole["width"] * whole["height"]


@given(view=views, scene=size(1, 5000), panel=panel_at)
@relaxed
def test_the_map_frames_what_the_panel_shows(geometry, view, scene, panel):
    settled = geometry("settle", view, scene, panel)
    zoom = geometry("zoomOf", settled, scene, panel)
    share = geometry("shownShare", settled, scene, panel)
    for start, side in (("x", "width"), ("y", "height")):
        assert 0 <= share[start] and share[start] + share[side] <= 1 + 1e-9
        expected = min(panel[side] / (scene[side] * zoom), 1)
        assert abs(share[side] - expected) * scene[side] * zoom <= 1.5


@given(panel=size(200, 1600), count=st.integers(1, 9), x=st.floats(0, 1), y=st.floats(0, 1))
@relaxed
def test_lenses_lie_in_the_panel_and_leave_their_point_free(geometry, panel, count, x, y):
    panel |= {"x": 0, "y": 28}
    point = {"x": int(x * (panel["width"] - 1)), "y": 28 + int(y * (panel["height"] - 1))}
    boxes = geometry("lenses", panel, point, count, 1)
    assert len(boxes) == count
    for box in boxes:
        assert box["width"] == box["height"] >= 24
        assert box["x"] >= 0 and box["x"] + box["width"] <= panel["width"]
    if panel["height"] >= 400:
        for box in boxes:
            assert box["y"] >= 28 and box["y"] + box["height"] <= 28 + panel["height"]
            inside = 0 <= point["y"] - box["y"] < box["height"]
            assert not (inside and 0 <= point["x"] - box["x"] < box["width"])


def test_a_larger_scene_keeps_the_same_part_in_view(geometry):
    view = {"fit": False, "zoom": 8, "x": 0.3, "y": 0.7}
    small, large = {"width": 256, "height": 256}, {"width": 1024, "height": 1024}
    carried = geometry("carryOver", view, small, large)
    assert carried == {"fit": False, "zoom": 2, "x": 0.3, "y": 0.7}
    assert geometry("carryOver", FIT, small, large) == FIT
    assert geometry("carryOver", view, small, {"width": 900, "height": 300}) == FIT


def test_a_pinch_zooms_about_its_middle_and_moves_with_it(geometry):
    before = [{"x": 0, "y": 0}, {"x": 100, "y": 0}]
    after = [{"x": 0, "y": 10}, {"x": 200, "y": 10}]
    assert geometry("pinch", before, after) == {"factor": 2, "x": 100, "y": 10, "dx": 50, "dy": 10}


def test_the_scene_is_as_large_as_the_largest_picture(geometry):
    pictures = [
        {"width": 256, "height": 128, "scale": 4},
        {"width": 1024, "height": 512, "scale": 1},
    ]
    assert geometry("sceneOf", pictures) == {"width": 1024, "height": 512}
    assert geometry("sceneOf", []) == {"width": 0, "height": 0}
