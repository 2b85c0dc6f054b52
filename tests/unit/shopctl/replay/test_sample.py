"""The real sample, if it is there."""

import os
from pathlib import Path

import pytest
from rich.console import Console

from shopctl.replay.gathering import gather
from shopctl.replay.online_retail import Kind
from shopctl.replay.spool import Spool, Totals
from shopctl.replay.tally import Tally
from shopctl.run_dir import CHECKOUT

BESIDE = CHECKOUT.parent / "shared" / "data" / "online_retail_2010-12.csv.gz"
SAMPLE = Path(os.environ.get("ONLINE_RETAIL_SAMPLE", BESIDE))


@pytest.mark.skipif(not SAMPLE.exists(), reason="no sample; ONLINE_RETAIL_SAMPLE says where it is")
def test_the_sample_has_the_sales_that_its_description_tells() -> None:
    tally = Tally()
    with Spool() as spool:
        gather(SAMPLE, spool, tally, Console(quiet=True))

        assert spool.totals() == Totals(1559, 41480, 82374614)
        assert max(sale.lines for sale in spool.sales(None)) == 675
    assert tally.lines == 42481
    assert {kind: found.count for kind, found in tally.left_out.items()} == {
        Kind.CANCELLATION: 728,
        Kind.PRICE: 203,
        Kind.QUANTITY: 70,
    }
    assert (tally.first_day, tally.last_day) == ("2010-12-01", "2010-12-23")
    assert tally.rounded == 0
