"""Zooming: one frame of a pane fills the tab, and everything else waits behind it."""

from __future__ import annotations

from textual._arrange import arrange
from textual.containers import Container
from textual.geometry import Size
from textual.layout import DockArrangeResult
from textual.widget import Widget

from tui.widgets.panel import Panel


class ZoomContainer(Container):
    """A container that can give all of its room to one of the frames with lists in it, however deep it lies."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.zoomed: Widget | None = None
        """The frame that fills the container; None for all of them."""

    @property
    def focused_frame(self) -> Panel | None:
        """The frame of the list that has the focus."""
        focused = self.screen.focused
        around = () if focused is None else focused.ancestors
        return next((one for one in around if isinstance(one, Panel)), None)

    def zoom(self, frame: Widget | None) -> None:
        """Give all the room to a frame; None gives each its own again."""
        if frame is not self.zoomed:
            self.zoomed = frame
            self.refresh(layout=True)

    def on_descendant_focus(self) -> None:
        """Show everything again when the focus leaves the zoomed frame, by whichever key."""
        focused = self.screen.focused
        if self.zoomed is not None and focused is not None and self.zoomed not in focused.ancestors_with_self:
            self.zoom(None)

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        """Arrange the zoomed frame alone, as :meth:`textual.screen.Screen.arrange` does for a maximized widget."""
        if self.zoomed is None or not self.zoomed.is_attached:
            return super().arrange(size, optimal)
        return arrange(self, [self.zoomed], size, self.screen.size, optimal=optimal)
