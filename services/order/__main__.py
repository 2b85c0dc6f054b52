from services.order.main import build
from services.order.settings import OrderSettings
from shared.server import run

if __name__ == "__main__":
    run(OrderSettings, build)
