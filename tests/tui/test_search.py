"""Search: results as one types, the latest query wins, details, and the ways to other places."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events

from engine.data.results import EmbeddingCost
from engine.errors import DataError
from tests.tui.conftest import NARROW, WIDE, screen_text, settle, type_text, until
from tests.tui.fake import FakeSession, make_items


def searches(session: FakeSession) -> list[tuple[object, ...]]:
    return [call[1:] for call in session.asked if call[0] == "search"]


async def test_results_come_as_one_types(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "bank robbers")
        await settle(pilot)
        text = screen_text(app)
        assert "Results · 20" in text
        assert text.index("Heat") < text.index("Reservoir Dogs")
        assert "18 ms · hybrid · 20 of 20 embedded" in text
        assert app.focused is app.pane("search").line


async def test_the_latest_query_wins_and_the_overtaken_one_is_never_shown(make_app):
    session = FakeSession(embedded=0)
    gate = session.hold("search", stubborn=True)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.state.device)
        await pilot.press("h")
        await until(pilot, lambda: searches(session))
        await type_text(pilot, "eat")
        gate.set()
        await settle(pilot)
        # "he" and "hea" were replaced while they waited, and the answer to "h" was dropped.
        assert [query for query, *_ in searches(session)] == ["h", "heat"]
        assert app.pane("search")._view.text == "heat"


async def test_an_answer_on_its_way_while_a_newer_query_is_asked_is_dropped(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        pane = app.pane("search")
        await pilot.press("h")
        await settle(pilot)
        shown = pane._view
        stale = pane._searching._mailbox
        pane._search_line()
        overtaken = stale._latest
        pane._search_line()
        assert not stale.is_current(overtaken)
        await settle(pilot)
        assert pane._view.answer is not None
        assert pane._view.text == shown.text


async def test_old_results_stay_until_new_ones_come(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        gate = session.hold("search")
        await pilot.press("x")
        await until(pilot, lambda: "heatx" in dict.fromkeys(query for query, *_ in searches(session)))
        assert "Results · 20" in screen_text(app)
        assert "searching" in screen_text(app)
        gate.set()
        await settle(pilot)
        assert "searching" not in screen_text(app)


async def test_keyword_matches_show_while_the_language_model_loads_and_give_way_to_it(make_app):
    session = FakeSession()
    gate = session.hold("warm_up")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.state.device)
        await type_text(pilot, "heat")
        await until(pilot, lambda: "the embedding model is not loaded yet" in screen_text(app))
        assert "preparing search" in screen_text(app)
        await pilot.press("down", "down")
        held = app.pane("search")._table.item
        gate.set()
        await settle(pilot)
        assert "not loaded yet" not in screen_text(app)
        assert "18 ms · hybrid" in screen_text(app)
        # The cursor stays on its item.
        assert app.pane("search")._table.item == held


async def test_keys_move_through_the_results(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        table = app.pane("search")._table
        await pilot.press("down")
        assert table.has_focus
        seen = []
        for key in ("j", "down", "k", "up", "G", "g", "end", "home", "pagedown", "pageup"):
            await pilot.press(key)
            seen.append(table.cursor)
        assert seen == [1, 2, 1, 0, 19, 0, 19, 0, 19, 0]
        await pilot.press("up")
        assert app.pane("search").line.has_focus


async def test_enter_while_typing_goes_to_the_results_as_soon_as_they_are_there(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        gate = session.hold("search")
        await type_text(pilot, "heat")
        await pilot.press("enter")
        assert app.pane("search").line.has_focus
        gate.set()
        await settle(pilot)
        assert app.pane("search")._table.has_focus


async def test_details_stand_beside_the_results_where_there_is_room(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        await pilot.press("down", "down")
        await settle(pilot)
        item = app.pane("search")._table.item
        assert f"{item.title} ({item.year})" in screen_text(app)
        await pilot.press("enter")
        assert app.pane("search")._details.has_focus
        await pilot.press("escape")
        assert app.pane("search")._table.has_focus


async def test_details_pop_up_where_there_is_no_room(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "Professional bank robbers" not in screen_text(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "Professional bank robbers" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Professional bank robbers" not in screen_text(app)
        assert app.pane("search")._table.has_focus


async def test_items_like_another_are_in_the_order_of_their_likeness_until_they_are_varied(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "m")
        await settle(pilot)
        table = app.pane("search")._table
        scores = [result.score for result in table.rows]
        assert scores == sorted(scores, reverse=True)
        assert "100%" in screen_text(app)
        await pilot.press("s")
        await settle(pilot)
        assert "· varied" in screen_text(app)
        assert [result.score for result in table.rows] != scores
        await pilot.press("s")
        await settle(pilot)
        assert "· varied" not in screen_text(app)
        assert [result.score for result in table.rows] == scores


async def test_more_like_this_and_back_without_asking_again(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "down", "m")
        await settle(pilot)
        assert searches(session)[-1][2] == 101
        assert "More like Reservoir Dogs (1992)" in screen_text(app)
        asked = len(searches(session))
        await pilot.press("escape")
        await settle(pilot)
        assert "Results · 20" in screen_text(app)
        assert app.pane("search")._table.cursor == 1
        assert len(searches(session)) == asked


async def test_the_mode_can_be_switched_and_the_query_is_asked_again(make_app):
    session = FakeSession()
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("ctrl+t")
        await settle(pilot)
        assert searches(session)[-1][1] == "semantic"
        await pilot.press("ctrl+t", "ctrl+t")
        await settle(pilot)
        assert searches(session)[-1][1] == "hybrid"


async def test_embedding_is_offered_shown_and_stopped_with_what_is_done_kept(make_app):
    session = FakeSession(embedded=0)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "F5 embeds 20 texts" in screen_text(app)
        gate = session.hold("embed")
        await pilot.press("f5")
        await until(pilot, lambda: "0 of 20 texts" in screen_text(app))
        await type_text(pilot, "heat")
        await until(pilot, lambda: "· keyword ·" in screen_text(app))
        session._gates.pop("embed")
        gate.set()
        await settle(pilot)
        assert session.done == 20
        # What was embedded meanwhile joins the results by itself.
        assert "· keyword ·" not in screen_text(app)
        assert "20 of 20 embedded" in screen_text(app)


async def test_the_end_of_embedding_does_not_replace_what_was_asked_last(make_app):
    session = FakeSession(embedded=0)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        embedding = session.hold("embed")
        await pilot.press("f5")
        await type_text(pilot, "heat")
        await until(pilot, lambda: "Results" in screen_text(app))
        searching = session.hold("search")
        await pilot.press("down", "m")
        await until(pilot, lambda: "Search · more like this" in screen_text(app))
        embedding.set()
        await until(pilot, lambda: app.state.dataset.embedding.complete)
        searching.set()
        await settle(pilot)
        assert "More like Heat" in screen_text(app)


@pytest.mark.parametrize(("embedded", "used"), [(0, "by taste"), (20, "by meaning and taste")])
async def test_the_frames_name_that_by_which_items_are_alike(make_app, embedded, used):
    app = make_app(FakeSession(embedded=embedded))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press(*"heat")
        await settle(pilot)
        await pilot.press("down", "m")
        await settle(pilot)
        assert f"Search · more like this {used} ·" in screen_text(app)
        assert f"More like Heat (1995) · {used} ·" in screen_text(app)


async def test_escape_stops_embedding_at_once_on_screen(make_app):
    session = FakeSession(embedded=5)
    session.hold("embed")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "5 of 20 texts" in screen_text(app))
        await pilot.press("escape")
        assert app.state.last_job("search").state in ("stopping", "stopped")
        await settle(pilot)
        assert app.state.last_job("search").state == "stopped"
        assert "5 of 20 texts are kept, and it goes on from there" in screen_text(app)
        assert "F5 embeds the remaining 15 texts" in screen_text(app)


async def test_texts_of_items_that_are_not_complete_count_as_kept(make_app):
    session = FakeSession(embedded=0)
    session.embedded_texts = (12, 31)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "12 of 31 texts embedded · F5 embeds the remaining 19 texts" in screen_text(app)
        assert "0 of 20" not in screen_text(app)


async def test_embedding_that_an_earlier_run_did_not_end_goes_on_by_itself(make_app):
    app = make_app(FakeSession(embedded=5))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.state.last_job("search").state == "done"
        assert app.state.dataset.embedding.complete


@pytest.mark.parametrize(("done", "said"), [(0, "Until the catalogue is embedded"), (5, "What is embedded so far")])
async def test_an_empty_line_says_what_search_can_do_by_now(make_app, done, said):
    session = FakeSession(embedded=done)
    session.hold("embed")
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: said in screen_text(app))


async def test_embedding_is_not_begun_by_itself(make_app):
    app = make_app(FakeSession(embedded=0))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.state.last_job("search") is None


async def test_what_is_pasted_is_one_line_and_cut_to_what_there_is_room_for(make_app):
    app = make_app(FakeSession())
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        line = app.active_pane.line
        line.post_message(events.Paste("space\nopera with\twizards\r\nand dragons\n"))
        await settle(pilot)
        assert line.value == "space opera with wizards and dragons"
        line.post_message(events.Paste("x" * 3000))
        await settle(pilot)
        assert len(line.value) == 2000
        assert line.value.startswith("space opera")


async def test_what_was_said_of_a_query_goes_with_it(make_app):
    app = make_app(FakeSession())
    async with app.run_test(size=WIDE) as pilot:
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "hybrid ·" in screen_text(app)
        await pilot.press("ctrl+u")
        await settle(pilot)
        assert "hybrid ·" not in screen_text(app).replace("Search · hybrid · Ctrl+T", "")


async def test_the_list_of_what_was_meant_says_what_is_wrong(make_app):
    app = make_app(FakeSession())
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "robots yeer:2000 genre:cirme")
        await settle(pilot)
        assert "✗ No item has genre:cirme" in screen_text(app), "what is wrong where one types"


async def test_semantic_search_without_embeddings_offers_to_embed(make_app):
    app = make_app(FakeSession(embedded=0))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+t")
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "Not embedded yet" in screen_text(app)
        assert "embed 20 texts" in screen_text(app)
        await pilot.press("f5")
        await settle(pilot)
        assert "semantic · 20 of 20 embedded" in screen_text(app)


async def test_nothing_found_says_what_to_do(make_app):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await type_text(pilot, "nothing")
        await settle(pilot)
        assert "Nothing is like “nothing”" in screen_text(app)


async def test_a_failed_search_says_so_and_can_be_tried_again(make_app):
    session = FakeSession()
    session.fail("search", DataError("vectors.npy is damaged: embed the catalogue again."))
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        assert "vectors.npy is damaged" in screen_text(app)
        session.failures.clear()
        await pilot.press("f5")
        await settle(pilot)
        assert "Results · 20" in screen_text(app)


async def test_an_unexpected_error_is_a_sentence_not_a_traceback(make_app):
    session = FakeSession()
    session.fail("search", ZeroDivisionError("division by zero"))
    app = make_app(session, log_hint="app.log")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        text = screen_text(app)
        assert "unexpected error: ZeroDivisionError: division by zero; details in app.log" in text
        assert "Traceback" not in text


async def test_copy_puts_the_title_on_the_clipboard_and_says_so(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await type_text(pilot, "heat")
        await settle(pilot)
        await pilot.press("down", "y")
        await pilot.pause()
        assert app.clipboard == "Heat (1995)"
        assert "copied: Heat (1995)" in screen_text(app)
        await pilot.press("Y")
        await pilot.pause()
        assert app.clipboard == "103"


@pytest.mark.parametrize(
    "text", ["x" * 3000, "🎬", "[bold", "\\", "a b  c"], ids=["long", "emoji", "markup", "backslash", "spaces"]
)
async def test_any_text_can_be_typed(make_app, text):
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.pane("search").line.insert_text_at_cursor(text)
        await settle(pilot)
        # What is longer than the line may be is not taken in.
        assert ("Results" if app.pane("search").line.value else "Most popular") in screen_text(app)


async def test_emptying_the_query_leads_back_to_the_beginning(make_app):
    app = make_app()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await pilot.press("h")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert app.pane("search").line.value == ""
        assert "Describe what you are looking for" in screen_text(app)
        assert "Most popular" in screen_text(app)


async def test_the_demo_says_how_to_go_on_to_real_data(make_app):
    session = FakeSession()
    demo = replace(session.data.overview(), kind="demo")
    session.data.overview = lambda: demo
    app = make_app(session)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "Real data instead of the demo: F7, then a, for ml-100k" in screen_text(app)


async def test_what_embedding_costs_is_said_where_it_is_offered(make_app):
    session = FakeSession(embedded=0)
    session.cost = EmbeddingCost("all-MiniLM-L6-v2", False, 91_607_178, 22_713_728, 384, 12_017, 18_554_248, 48.0)
    app = make_app(session)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        text = " ".join(screen_text(app).split())
        assert "F5 embeds with all-MiniLM-L6-v2 (English, 92 MB, 22.7 million parameters," in text
        assert "384 dimensions): 12,017 texts, about 50 s on this processor, 19 MB on disk." in text


async def test_a_description_is_prose_however_its_column_is_written(make_app):
    item = make_items()[2]
    for name in ("Description", "OVERVIEW", "Beschreibung"):
        told = replace(item, metadata={name: "Robbers are hunted.", "Runtime": 170}, text="Heat. Crime")
        app = make_app(FakeSession([told, *make_items()[3:]]))
        async with app.run_test(size=WIDE) as pilot:
            await settle(pilot)
            await type_text(pilot, "heat")
            await settle(pilot)
            await pilot.press("down", "d")
            await settle(pilot)
            text = screen_text(app)
            assert "Robbers are hunted." in text, name
            assert name not in text, "it is no fact beside its text"
