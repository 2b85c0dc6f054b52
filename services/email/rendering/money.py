"""Amounts as customers read them."""

from functools import lru_cache

# ISO 4217: the currencies whose minor unit is not a hundredth.
_WITHOUT_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"


def _digits(currency: str) -> int:
    if currency in _WITHOUT_MINOR:
        return 0
    return 3 if currency in _WITH_THOUSANDTHS else 2


@lru_cache(maxsize=4096)  # prices repeat, and there are five in a mail: 0.8 µs each
def money(cents: int, currency: str) -> str:
    """Return minor units with their currency, without ever making a float of them.

    >>> money(123456, "EUR"), money(1500, "JPY"), money(5, "GBP")
    ('1,234.56 EUR', '1,500 JPY', '0.05 GBP')
    """
    digits = _digits(currency)
    whole, minor = divmod(abs(cents), 10**digits)
    sign = "-" if cents < 0 else ""
    fraction = f".{minor:0{digits}}" if digits else ""
    return f"{sign}{whole:,}{fraction} {currency}"
