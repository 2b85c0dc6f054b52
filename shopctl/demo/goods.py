"""What the demo's shop sells: made-up household goods, a few of them scarce."""

from random import Random

from shopctl.catalogue_file import Product

CURRENCY = "EUR"
PRODUCTS = 200
SCARCE = 8
SCARCE_STOCK = 4
TOP_PRICES = (0, 5, 9)  # the last digit: shops like 7.95 and 7.99

LOOKS = ("Blue", "Red", "Green", "White", "Black", "Striped", "Dotted", "Tall", "Round", "Folding")
MATERIALS = ("Enamel", "Oak", "Linen", "Cotton", "Glass", "Steel", "Copper", "Bamboo", "Marble")
THINGS = {
    "Mug": 795,
    "Teapot": 2495,
    "Bowl": 1195,
    "Plate": 995,
    "Tray": 1895,
    "Vase": 2295,
    "Lamp": 4995,
    "Basket": 1695,
    "Blanket": 5495,
    "Cushion": 2195,
    "Clock": 3495,
    "Mirror": 6995,
    "Stool": 7995,
    "Candle": 695,
    "Towel": 1295,
    "Jar": 895,
}


def goods(random: Random, *, orders: int) -> list[Product]:
    """As much of each as all orders together could want, but of the scarce ones, at the end."""
    names = _names(random)
    plenty = 10 * orders
    return [
        _product(number, name, random, stock=plenty if number < PRODUCTS - SCARCE else SCARCE_STOCK)
        for number, name in enumerate(names)
    ]


def is_scarce(product: Product) -> bool:
    return product.name.startswith("Limited")


def _names(random: Random) -> list[str]:
    every = [
        f"{look} {material} {thing}" for look in LOOKS for material in MATERIALS for thing in THINGS
    ]
    names = random.sample(every, PRODUCTS)
    return [*names[:-SCARCE], *(f"Limited {name}" for name in names[-SCARCE:])]


def _product(number: int, name: str, random: Random, *, stock: int) -> Product:
    thing = name.rsplit(" ", maxsplit=1)[1]
    cents = round(THINGS[thing] * random.uniform(0.7, 1.6) / 10) * 10
    return Product(f"{thing.upper()}-{number:03}", name, cents - random.choice(TOP_PRICES), stock)
