"""A drawing: a picture as text, in several forms, which notebooks show and which can be saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from os import PathLike, fspath
from pathlib import Path

from ..atomic import write_whole
from ..errors import DataError, short


class Drawing(ABC):
    """A picture, each form of which is a text: `svg`, `html`, `dot`, and others that it may have.

    Notebooks show it; `save` writes it to a file.
    """

    forms: tuple[str, ...] = ("svg", "html", "dot")  # attributes, and endings of files

    @property
    @abstractmethod
    def svg(self) -> str:
        """The picture as SVG."""

    @property
    @abstractmethod
    def html(self) -> str:
        """A page, complete in itself."""

    @property
    @abstractmethod
    def dot(self) -> str:
        """The graph in the language of Graphviz."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture to a file, in the form that its name ends with.

        That is .svg, .html or .dot, and .json of a graph. The file is written whole, or not at all.
        """
        place = fspath(path)
        form = Path(place).suffix.lower().removeprefix(".")
        if form not in self.forms:
            required = ", ".join([f".{each}" for each in self.forms])
            raise DataError(f"a drawing is saved as one of {required}; it was given {short(place)}")
        write_whole(place, getattr(self, form))

    def show(self, path: str = "", *, browser: bool = True) -> Path:
        """Open the page in the browser, and return the file that it is in.

        Without a `path` it is a new file in the folder for temporary files. With `browser=False` it
        is written and not opened.
        """
        from .showing import opened, temporary

        return opened(self.html, path or temporary("drawing.html"), browser=browser)

    def _repr_svg_(self) -> str:
        return self.svg
