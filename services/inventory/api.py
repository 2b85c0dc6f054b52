"""HTTP → use case. Anyone may look at products; only operators change them."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from services.inventory.catalogue import Outcome, change_product, receive_goods
from services.inventory.catalogue_file import HeaderError
from services.inventory.domain import ProductNotFound, Receipt, ReceiptConflict
from services.inventory.file_import import FileImport, FileTooLarge
from services.inventory.queries import find_product, list_products
from services.inventory.schemas import (
    Cursor,
    ImportOut,
    ProductIn,
    ProductOut,
    ProductPage,
    ReceiptIn,
    Sku,
    cursor_after,
)
from services.inventory.use_cases import Commits
from shared.clock import Clock, NewId, new_id, utc_now
from shared.http.auth import operator_only
from shared.persistence.database import Database

IMPORT_PATH = "/products/import"
CSV = "text/csv"

# What the use cases refuse, and the status it is answered with.
REFUSALS: dict[type[Exception], int] = {ProductNotFound: 404, ReceiptConflict: 409}
STATUS = {**REFUSALS, FileTooLarge: 413}

OPERATORS = [Depends(operator_only)]
CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {"example": "sku,name,price_cents,currency,quantity\nMUG,Mug,795,EUR,10\n"}
        },
    }
}


def readers(database: Database) -> APIRouter:
    """Return the routes that anyone may use."""
    routes = APIRouter(tags=["products"])

    @routes.get("/products/{sku}")
    async def get_product(sku: Sku) -> ProductOut:
        """A product and its stock."""
        if row := await find_product(database, sku):
            return ProductOut.of(row)
        raise ProductNotFound(sku)

    @routes.get("/products")
    async def get_products(
        limit: Annotated[int, Query(ge=1, le=500)] = 100, cursor: Cursor = ""
    ) -> ProductPage:
        """All products, page by page, in the order of their SKUs."""
        rows = await list_products(database, after=cursor, limit=limit + 1)
        page = [ProductOut.of(row) for row in rows[:limit]]
        return ProductPage(
            products=page,
            next_cursor=cursor_after(page[-1].sku) if len(rows) > limit else None,
        )

    return routes


def writers(
    commits: Commits, file_import: FileImport, *, clock: Clock = utc_now, new_id: NewId = new_id
) -> APIRouter:
    """Return the routes for operators."""
    routes = APIRouter(tags=["products"], dependencies=OPERATORS)

    @routes.put("/products/{sku}", responses={201: {"model": ProductOut}})
    async def put_product(sku: Sku, body: ProductIn, response: Response) -> ProductOut:
        """Make a product (201) or change it (200)."""
        work = change_product(sku, body.description(), at=clock(), new_id=new_id)
        return _answer(await commits.run(work), response)

    @routes.post("/products/{sku}/receipts", responses={201: {"model": ProductOut}})
    async def post_receipt(sku: Sku, body: ReceiptIn, response: Response) -> ProductOut:
        """Count goods in (201). The same reference again changes nothing (200)."""
        work = receive_goods(Receipt(sku, body.reference, body.quantity))
        return _answer(await commits.run(work), response)

    @routes.post(IMPORT_PATH, openapi_extra=CSV_BODY)
    async def import_products(request: Request) -> ImportOut:
        """Take in a file of products and goods; the same file again changes nothing."""
        _require_csv(request)
        try:
            report = await file_import.run(request.stream())
        except HeaderError as error:
            raise RequestValidationError(_blame(error)) from error
        return ImportOut.model_validate(report, from_attributes=True)

    return routes


def _answer(outcome: Outcome, response: Response) -> ProductOut:
    response.status_code = 201 if outcome.is_new else 200
    return ProductOut.of(outcome.product)


def _require_csv(request: Request) -> None:
    stated = request.headers.get("content-type", CSV).partition(";")[0].strip().lower()
    if stated != CSV:
        raise HTTPException(415, f"the body must be {CSV}")


def _blame(error: HeaderError) -> list[dict[str, object]]:
    return [
        {"type": "value_error", "loc": ("body", column), "msg": fault}
        for column, fault in error.faults.items()
    ]
