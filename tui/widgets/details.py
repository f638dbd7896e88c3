"""The details of one item: as a panel beside a list, or as a pop-up where there is no room for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.listing import item_record
from tui.messages import RateItem, ShowDetails
from tui.verbs import ITEM_VERBS, RATING_KEYS, ItemSubject, Verb, bindings_of
from tui.widgets.cell_text import clean, fit, full_title, paragraphs
from tui.widgets.popup import PopUp
from tui.widgets.poster import Poster
from tui.widgets.verb_target import VerbTarget

if TYPE_CHECKING:
    from engine.session import Item

#: Metadata that can hold the description of an item; without any of them, the text that search embeds is shown.
_PROSE = ("overview", "about", "description", "synopsis", "plot", "summary")
#: The style of words that a search matched.
_MATCH = "bold underline"
#: Names of facts get as many cells as the longest one needs, up to this.
_LABEL = 17
#: How much of the screen's height a pop-up takes at most.
_POP_UP_SHARE = 0.86


class ItemDetails(VerbTarget[ItemSubject], VerticalScroll):
    """A scrolling page about one item."""

    VERBS = ITEM_VERBS

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="cursor-up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="cursor-down"),
        *bindings_of(ITEM_VERBS),
        *RATING_KEYS,
    ]

    DEFAULT_CSS = """
    ItemDetails {
        width: 32%;
        min-width: 38;
        max-width: 64;
        padding: 0 0 0 1;
        border: round $foreground 30%;
        border-title-color: $text-muted;
        scrollbar-size-vertical: 1;
        scrollbar-color: $foreground 50%;
        scrollbar-background: $background;
        & > Static { height: auto; padding: 0 1 0 0; color: $text-muted; }
        &:focus { border: round $primary; border-title-color: $text; border-title-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = "Details"
        self._poster = Poster()
        self._page = Static()
        self._shown: ShowDetails | None = None

    def compose(self) -> ComposeResult:
        """One page of text, with the picture of the item where there is one and room for it."""
        yield self._poster
        yield self._page

    def show(self, details: ShowDetails | None) -> None:
        """Show this item, or nothing."""
        self._shown = details
        self._page.update("" if details is None else _page(details))
        self.scroll_home(animate=False)
        self._show_picture()

    def on_resize(self) -> None:
        """Fit the picture to the page."""
        self._show_picture()

    def _show_picture(self) -> None:
        if self.size.width:  # else it is not laid out yet
            height = self.scrollable_content_region.height
            if self.has_class("page"):  # a pop-up is as high as its text, up to so much of the screen
                height = int(self.app.size.height * _POP_UP_SHARE) - self.gutter.height
            item = None if self._shown is None else self._shown.item
            self._poster.show(item, self.scrollable_content_region.width, height)

    @on(Poster.Placed)
    def _picture_placed(self, event: Poster.Placed) -> None:
        event.stop()
        self._page.styles.min_height = self._poster.rows_beside or None

    def explain(self, item: Item, heading: str, lines: tuple[str, ...]) -> None:
        """Add the reasons why an item is listed, if it is still shown."""
        if self._shown is not None and self._shown.item == item:
            self._page.update(_page(self._shown, heading, lines))

    def subject(self) -> ItemSubject | None:
        """What the verbs are about: the item that is shown."""
        shown = self._shown
        return None if shown is None else ItemSubject(shown, lambda: item_record(shown.item))

    def action_rate(self, half_stars: int) -> None:
        """Rate the item that is shown."""
        if self._shown is not None:
            self.post_message(RateItem(self._shown.item, half_stars))

    @property
    def offered(self) -> tuple[Verb[ItemSubject], ...]:
        """All but the details themselves."""
        return tuple(verb for verb in super().offered if verb.id != "details")


class DetailsScreen(PopUp):
    """The same page as a pop-up in front of the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,d", "dismiss", "close", id="close")]

    def __init__(self, details: ShowDetails) -> None:
        super().__init__()
        self._details = details
        self._why: tuple[str, tuple[str, ...]] = ("", ())

    def compose(self) -> ComposeResult:
        """The page."""
        yield ItemDetails(classes="page")

    def on_mount(self) -> None:
        """Fill the page and let the arrow keys scroll it."""
        page = self.query_one(ItemDetails)
        page.border_subtitle = Content("Esc closes · m more like this · a add · Space menu")
        page.show(self._details)
        page.explain(self._details.item, *self._why)
        page.focus()

    def explain(self, item: Item, heading: str, lines: tuple[str, ...]) -> None:
        """Add the reasons why an item is listed."""
        if item == self._details.item:
            self._why = heading, lines
            for page in self.query(ItemDetails):
                page.explain(item, heading, lines)

    def on_more_like_this(self) -> None:
        """Close the page; the message itself goes on to the app."""
        self.dismiss()

    def on_click(self, event: object) -> None:
        """A click beside the page closes it."""
        if self.get_widget_at(*self.app.mouse_position)[0] is self:
            self.dismiss()


def _page(shown: ShowDetails, heading: str = "", reasons: tuple[str, ...] = ()) -> Content:
    item, figures = shown.item, shown.figures
    parts: list[Content | str | tuple[str, str]] = [_marked(full_title(item), "bold $text", shown)]
    if item.genres:
        parts.append("\n" + clean(" · ".join(item.genres)))
    prose_key, prose = _prose(item)
    if prose:
        parts += ["\n\n", _marked(paragraphs(prose), "$text", shown)]
    why = dict(figures).get("why", "")
    if why or reasons:
        parts += ["\n\nWhy  ", (clean(why), "$text")] if why else ["\n"]
        parts += [f"\n{clean(heading)}"] * bool(reasons)
        parts += [("\n  " + clean(reason), "$text") for reason in reasons]
    figures = tuple(figure for figure in figures if figure[0] != "why")
    facts = _facts(item.metadata, prose_key)
    lines = [*figures, *facts, ("id", str(item.item_id))]
    names = [clean(name.replace("_", " ")) for name, _ in lines]
    room = min(max(map(cell_len, names)), _LABEL)
    parts.append("\n")
    for name, line in zip(names, lines, strict=True):
        value = clean(line[1])
        parts.append("\n" + fit(name, room) + "  ")
        parts.append(_marked(value, "$text", shown) if line in facts else (value, "$text"))
    return Content.assemble(*parts)


def _marked(text: str, style: str, shown: ShowDetails) -> Content:
    """A text in which the words are marked that a search matched."""
    content = Content.styled(text, style)
    if shown.matched:
        from engine.session import spans

        for start, end in spans(text, shown.matched, shown.typed):
            content = content.stylize(_MATCH, start, end)
    return content


def _prose(item: Item) -> tuple[str, str]:
    from engine.session import is_description

    columns = {key.casefold(): key for key in reversed(list(item.metadata))}
    english = [columns[name] for name in _PROSE if name in columns]
    for key in (*english, *filter(is_description, item.metadata)):
        value = item.metadata[key]
        if isinstance(value, str) and value.strip():
            return key, value
    # An embedded text that is no more than the title and the genres is already shown above.
    shown = {clean(item.title).casefold(), *(genre.casefold() for genre in item.genres)}
    return "", "" if clean(item.text).casefold() in shown else item.text


def _facts(metadata: Mapping[str, Any], without: str) -> list[tuple[str, str]]:
    return [
        (name, _formatted(value)) for name, value in metadata.items() if name != without and value not in ("", None)
    ]


def _formatted(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:,.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
