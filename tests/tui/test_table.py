"""The table: columns that follow the width, a cursor that stays in sight."""

from __future__ import annotations

import pytest
from textual.app import App

from tests.tui.conftest import nothing_left_to_run
from tui.widgets.table import Column, Table

COLUMNS = (
    Column("#", lambda row, _: str(row), width=4, right=True),
    Column("Name", lambda row, _: f"row number {row}", share=2),
    Column("More", lambda row, _: "x" * 50, share=1, from_width=40),
)


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table: Table[int] = Table(COLUMNS)
        self.moved: list[int | None] = []
        self.chosen: list[int | None] = []

    def compose(self):
        yield self.table

    def on_table_moved(self, event: Table.Moved) -> None:
        self.moved.append(event.table.row)

    def on_table_chosen(self, event: Table.Chosen) -> None:
        self.chosen.append(event.table.row)

    def lines(self) -> list[str]:
        return [self.table.render_line(y).text for y in range(self.table.size.height)]


@pytest.mark.parametrize("width", [20, 39, 40, 80])
async def test_lines_fill_the_width_exactly(width):
    app = TableApp()
    async with app.run_test(size=(width, 10)) as pilot:
        app.table.show(range(100))
        await pilot.pause()
        room = app.table.scrollable_content_region.width
        assert all(len(line) == room for line in app.lines())
        assert ("More" in app.lines()[0]) == (room >= 40)


async def test_rows_above_the_cursor_are_in_sight_if_they_were_shown_before_there_was_room():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.display = False
        await pilot.pause()
        app.table.show(range(100), cursor=1)
        app.table.display = True
        await pilot.pause()
        assert "row number 0" in app.lines()[1]
        app.table.show(range(100), cursor=50)
        await pilot.pause()
        assert any("row number 50" in line for line in app.lines())


async def test_the_heading_stays_and_the_cursor_is_always_in_sight():
    app = TableApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.focus()
        app.table.show(range(1000))
        for keys in (["end"], ["pageup"] * 3, ["k"] * 12, ["home"], ["pagedown"], ["j"] * 9, ["G"], ["g"]):
            await pilot.press(*keys)
            await pilot.pause()
            lines = app.lines()
            assert "Name" in lines[0]
            assert sum("▸" in line for line in lines) == 1
            marked = next(line for line in lines if "▸" in line)
            assert f"row number {app.table.row}" in marked


async def test_the_cursor_survives_fewer_rows_and_none():
    app = TableApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(range(100), cursor=99)
        app.table.show(range(5), cursor=99)
        assert app.table.row == 4
        app.table.show([])
        assert app.table.row is None
        app.table.focus()
        await pilot.press("down", "end", "pagedown", "enter")
        assert app.table.row is None
        assert app.chosen == []


async def test_a_click_moves_and_a_second_one_chooses():
    app = TableApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(range(5))
        await pilot.click(Table, offset=(5, 3))
        await nothing_left_to_run()
        assert app.table.row == 2
        assert app.chosen == []
        await pilot.click(Table, offset=(5, 3), times=2)
        await nothing_left_to_run()
        assert app.chosen == [2]
        await pilot.click(Table, offset=(5, 0))
        await pilot.click(Table, offset=(5, 8))
        assert app.table.row == 2


async def test_only_what_is_in_the_window_is_drawn():
    drawn: list[int] = []

    def cell(row, _):
        drawn.append(row)
        return str(row)

    app = TableApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show(range(100_000), [Column("#", cell)])
        await pilot.pause()
        assert set(drawn) <= set(range(200)), "beside the window only the rows whose width is measured"
        app.table.action_last()
        drawn.clear()
        await pilot.pause()
        assert set(drawn) <= set(range(100_000 - 9, 100_000))
