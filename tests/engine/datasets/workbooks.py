"""Small workbooks, written as spreadsheet programs write them."""

from __future__ import annotations

import base64
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

_LETTERS = "ABCDEFGH"
_DAY_ZERO = datetime(1899, 12, 30)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
#: A sheet ``Log`` with the columns user, item, when and the row 1, a, 2024-01-02, as Excel 97 stores it.
_XLS = (
    b"c-rk)J!lj`6#i!JF85<{KY9@oA)EoD#-tD%n`EOz(|94;_=6BHX3-G6lQkk*Xf$3a2v&+sAQm=J8-LJ3v9S;$S_p!0r=^vkV3FMV=IyLpPK2Cj"
    b"ATr-F@4b0%-p<?k-I>>OsnYcQ)-r0)ivTKa6b)56K`H8Ik|4Y5D$(Z=O0L0*LNr1h*$~2$rdMIrhpNBJkhm9oP89e^=`c=Vu#mSi%ZQyELr$m|"
    b"dWZ_#B264E9Mx*3N13i+dY4N+W!lG@t4w>SY)Kr#oHf|FU60}evYl;lsP{f(pZBcUie|i2qxj-A;gt<xhclKtvBC^(!A8u0I&{F!+m6a7a2qk;"
    b"AfY>(?e6a{Ax)h<gKusI`0CH<XBnekUcCV6zc1E@f1{63C)Vn(%OEfb_XtmtB32<BRF(kt6pqbfJycGoGpB8b*w}=9lGxefcAkb!E~b`sUIvnj"
    b"mVqXo9*smtkzhH+lO#!T%-{L)COa}@4YOvFmws=9*r4Kpi%ZIboa1bf@L~cwS>D3*GQV{l%dJe)G=hnD3^i+E_Y{}8!qyI|XB*?KwXsUxL~`--"
    b"-bZc4Pu6CVX9vpX)3fiaX|&UZHA?>KnL?N75;t!sJhpr;^kVXXY0EDQOGGAh?5^Gg6If7FiI8II<y7m4pE;@9N_mSK?+Y@<x)isvDlgbuwT@?#"
    b"6w`wj61|c*H(g)VHXMV2fq{X6fq{X6!5>2CpYwn|C4}_Pe^}q^EKsVLYm)yK`%s`~f)16tkSFfoTwUX5EkeS7msp~Ye_yDupK5n7juDPyyzcQ!"
    b"hc{9EJxg{>{=F$wZ~c{e;{3<;{{Yyo&iM"
)


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: Collection[str] = ()) -> Path:
    """A workbook of Excel with these sheets; a row that is empty is not written, as Excel does it."""
    numbers = {name: number for number, name in enumerate(sheets, 1)}
    states = {name: "hidden" if name in hidden else "visible" for name in sheets}
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}" state="{states[name]}"/>'
        for name, number in numbers.items()
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers.values()
    )
    styles = f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": styles,
        **{f"xl/worksheets/sheet{numbers[name]}.xml": _sheet(rows) for name, rows in sheets.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def write_ods(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook of LibreOffice with one sheet."""
    names = ("office", "table", "text")
    spaces = " ".join(f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in names)
    lines = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    content = (
        f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="Log">'
        f"{lines}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def write_xls(path: Path) -> Path:
    """A workbook of Excel 97 with the row user = 1, item = a, when = 2024-01-02."""
    path.write_bytes(zlib.decompress(base64.b85decode(_XLS)))
    return path


def _sheet(rows: Sequence[Sequence[Any]]) -> str:
    lines = ""
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell(f"{_LETTERS[column]}{number}", one) for column, one in enumerate(row))
        lines += f'<row r="{number}">{cells}</row>' if row else ""
    return f"<worksheet {_MAIN}><sheetData>{lines}</sheetData></worksheet>"


def _cell(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        days = (moment - _DAY_ZERO).total_seconds() / 86400
        return f'<c r="{place}" s="1"><v>{days}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _ods_cell(value: Any) -> str:
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
