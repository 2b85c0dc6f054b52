"""What a replay tells its reader."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shopctl.replay.posting import CURRENCY
from shopctl.replay.rerun import Books
from shopctl.replay.spool import Totals
from shopctl.replay.tally import Tally

LOST_TOLD = 10


def money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{rest:02} {CURRENCY}"


def show_file(console: Console, tally: Tally, totals: Totals) -> None:
    span = f", {tally.first_day} to {tally.last_day}" if tally.first_day else ""
    console.print(
        f"{tally.lines:,} lines: {totals.sales:,} sales with {totals.lines:,} lines, "
        f"{money(totals.cents)} in all{span}"
    )
    if tally.rounded:
        console.print(
            f"{tally.rounded:,} prices have fractions of a cent: each is rounded to a whole cent, "
            f"halves up, which adds {tally.rounding:+,.4f} {CURRENCY} to the file's sum"
        )


def show_left_out(console: Console, tally: Tally) -> None:
    for kind, found in tally.left_out.items():
        console.print(f"Left out, {kind}: {found.count:,}")
        for each in found.first:
            console.print(f"  line {each.line:,}: {escape(each.reason)}")
        if found.count > len(found.first):
            console.print("  …")


def show_books(console: Console, books: Books) -> None:
    sold = books.sold
    if new := sold.orders - sold.orders_before:
        rate = new / books.seconds
        console.print(f"Sold {new:,} orders in {books.seconds:,.1f} s, {rate:,.0f} orders/s")
    console.print(_comparison(books))
    if not books.is_settled:
        console.print("[red]Some orders are still open.[/] `--within` waits longer for them.")
    if books.are_equal:
        console.print("[green]Equal to the cent.[/]")
        return
    difference = books.shop_cents - books.file_cents
    console.print(f"[red]Not equal: {money(difference)}[/]")
    _show_lost(console, books)


def _comparison(books: Books) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("revenue by day, as analytics reports it")
    table.add_column("", justify="right")
    for day, cents in books.by_day.items():
        table.add_row(day, money(cents))
    if books.sold.orders_before:
        named = f"{books.sold.orders_before:,} orders of an earlier replay"
        table.add_row(named, money(books.earlier_cents))
    table.add_row("in all", money(books.shop_cents), style="bold")
    table.add_row("the file's own sum", money(books.file_cents), style="bold")
    return table


def _show_lost(console: Console, books: Books) -> None:
    for lost in books.lost[:LOST_TOLD]:
        console.print(
            f"  line {lost.line:,}: invoice {lost.invoice}, order {lost.order_id}: {lost.reason}"
        )
    if len(books.lost) > LOST_TOLD:
        console.print(f"  and {len(books.lost) - LOST_TOLD:,} cancelled orders more")
    if not books.lost:
        console.print("  Has anyone else bought or cancelled meanwhile?")
