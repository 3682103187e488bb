"""The demo's own tables under other people's headers: the guess needs no edit, and what is loaded is the same."""

from pathlib import Path

import pyarrow.csv
import pytest

from data.contracts import table
from data.demo import content_hash
from data.engine import Engine
from data.guess import guessed, to_toml
from data.load import load
from data.warehouse import Version, Warehouse

# Typed by hand, as people name things; not taken from the words that the guess knows.
GERMAN = {
    "markets": "market_id=Marktkennung name=Name time_zone=Zeitzone currency=Währung week_start=Wochenbeginn boundary_counties=Landkreise "
    "boundary_name=Grenze boundary_polygon=Umriss",
    "malls": "mall_id=EKZ-Nr market_id=Markt name=Bezeichnung status=Status opened_on=Eröffnet_am "
    "closed_on=Geschlossen_am latitude=Breitengrad "
    "longitude=Längengrad store_count=Anzahl_Läden gross_leasable_m2=Mietfläche_(m²) opening_hours=Öffnungszeiten",
    "stores": "store_id=Ladennummer mall_id=Einkaufszentrum name=Name category=Branche",
    "drivers": "driver_id=Fahrernummer market_id=Marktgebiet vehicle=Fahrzeug home_latitude=Wohnort_Breite home_longitude=Wohnort_Länge",
    "shifts": "shift_id=Schichtnummer driver_id=Fahrer market_id=Markt mall_id=Einkaufszentrum start_at=Beginn end_at=Ende",
    "offers": "offer_id=Angebotsnummer market_id=Markt mall_id=Zentrum driver_id=Fahrer trip_id=Fahrt shown_at=Gezeigt_um "
    "decided_at=Entschieden_um status=Ergebnis order_count=Anzahl_Bestellungen pay_cents=Vergütung distance_m=Entfernung",
    "trips": "trip_id=Fahrtnummer market_id=Markt mall_id=EKZ driver_id=Fahrer accepted_at=Angenommen arrived_at=Angekommen "
    "picked_up_at=Abfahrt ended_at=Beendet status=Status order_count=Bestellungen store_count=Läden pay_cents=Lohn empty_m=Leermeter "
    "loaded_m=Lastmeter",
    "orders": "order_id=Bestellnummer market_id=Markt mall_id=Einkaufszentrum store_id=Geschäft customer_id=Kunde "
    "driver_id=Fahrer trip_id=Fahrt "
    "status=Zustand placed_at=Bestellt_am ready_at=Fertig accepted_at=Angenommen arrived_at=Ankunft_im_Zentrum picked_up_at=Abgeholt "
    "delivered_at=Zugestellt promised_by=Zugesagt_bis dropoff_latitude=Ziel_Breite dropoff_longitude=Ziel_Länge fee_cents=Liefergebühr",
    "demand_cells": "market_id=Markt cell=Zelle population=Einwohner households=Haushalte income_cents=Einkommen",
    "baseline": "market_id=Markt cell=Zelle local_date=Tag orders=Bestellungen "
    "click_to_door_sum_s=Summe_Dauer_Sekunden cost_sum_cents=Kosten",
    "stations": "station_id=Stationsnummer market_id=Markt name=Name latitude=Breite longitude=Länge",
}
CAMEL_CASE = {
    "markets": "market_id=marketId name=displayName time_zone=timeZone currency=currencyCode week_start=firstWeekday "
    "boundary_counties=countyCodes boundary_name=boundaryName boundary_polygon=boundaryWkt",
    "malls": "mall_id=hubId market_id=marketId name=hubName status=hubStatus opened_on=openedOn "
    "closed_on=closedOn latitude=lat longitude=lng "
    "store_count=numberOfStores gross_leasable_m2=leasableAreaSqm opening_hours=openingHours",
    "stores": "store_id=shopId mall_id=hubId name=shopName category=shopCategory",
    "drivers": "driver_id=courierId market_id=marketId vehicle=vehicleType home_latitude=homeLat home_longitude=homeLng",
    "shifts": "shift_id=blockId driver_id=courierId market_id=marketId mall_id=hubId start_at=onlineFrom end_at=onlineTo",
    "offers": "offer_id=offerId market_id=marketId mall_id=hubId driver_id=courierId trip_id=routeId "
    "shown_at=displayedAt decided_at=respondedAt "
    "status=offerStatus order_count=numberOfOrders pay_cents=payCents distance_m=distanceMeters",
    "trips": "trip_id=routeId market_id=marketId mall_id=hubId driver_id=courierId accepted_at=acceptedAt arrived_at=arrivedAtMall "
    "picked_up_at=leftMallAt ended_at=finishedAt status=routeStatus order_count=numberOfOrders "
    "store_count=numberOfStores pay_cents=payCents "
    "empty_m=emptyMeters loaded_m=loadedMeters",
    "orders": "order_id=orderNumber market_id=marketId mall_id=hubId store_id=shopId customer_id=customerId "
    "driver_id=courierId trip_id=routeId "
    "status=orderStatus placed_at=orderedAt ready_at=packedAt accepted_at=acceptedAt arrived_at=arrivedAtMall picked_up_at=collectedAt "
    "delivered_at=deliveredAt promised_by=promisedDeliveryTime dropoff_latitude=destinationLat dropoff_longitude=destinationLng "
    "fee_cents=deliveryFeeCents",
    "demand_cells": "market_id=marketId cell=h3Cell population=population households=householdCount income_cents=medianIncomeCents",
    "baseline": "market_id=marketId cell=h3Cell local_date=date orders=orders "
    "click_to_door_sum_s=clickToDoorSumSeconds cost_sum_cents=totalCostCents",
    "stations": "station_id=stationId market_id=marketId name=stationName latitude=lat longitude=lng",
}
ABBREVIATED = {
    "markets": "market_id=mkt name=nm time_zone=tz currency=ccy week_start=wk_start boundary_counties=bnd_cnty boundary_name=bnd_nm "
    "boundary_polygon=bnd_wkt",
    "malls": "mall_id=mall_no market_id=mkt name=nm status=stat opened_on=opn_dt closed_on=cls_dt latitude=lat "
    "longitude=lon store_count=str_cnt "
    "gross_leasable_m2=gla_m2 opening_hours=opn_hrs",
    "stores": "store_id=str_no mall_id=mall_no name=nm category=cat",
    "drivers": "driver_id=drv_no market_id=mkt vehicle=veh home_latitude=hm_lat home_longitude=hm_lon",
    "shifts": "shift_id=shf_no driver_id=drv_no market_id=mkt mall_id=mall_no start_at=strt_ts end_at=end_ts",
    "offers": "offer_id=off_no market_id=mkt mall_id=mall_no driver_id=drv_no trip_id=trp_no shown_at=shwn_ts "
    "decided_at=dec_ts status=stat "
    "order_count=ord_cnt pay_cents=pay_ct distance_m=dist_m",
    "trips": "trip_id=trp_no market_id=mkt mall_id=mall_no driver_id=drv_no accepted_at=acc_ts arrived_at=arr_ts picked_up_at=pu_ts "
    "ended_at=end_ts status=stat order_count=ord_cnt store_count=str_cnt pay_cents=pay_ct empty_m=emp_m loaded_m=ld_m",
    "orders": "order_id=ord_no market_id=mkt mall_id=mall_no store_id=str_no customer_id=cust_no driver_id=drv_no "
    "trip_id=trp_no status=stat "
    "placed_at=plcd_ts ready_at=rdy_ts accepted_at=acc_ts arrived_at=arr_ts picked_up_at=pu_ts delivered_at=dlvd_ts promised_by=prom_ts "
    "dropoff_latitude=do_lat dropoff_longitude=do_lon fee_cents=fee_ct",
    "demand_cells": "market_id=mkt cell=h3 population=pop households=hh income_cents=inc_ct",
    "baseline": "market_id=mkt cell=h3 local_date=dt orders=ord click_to_door_sum_s=c2d_sum_s cost_sum_cents=cost_sum_ct",
    "stations": "station_id=stn_no market_id=mkt name=nm latitude=lat longitude=lon",
}
RENAMINGS = {"German": GERMAN, "camelCase": CAMEL_CASE, "abbreviations": ABBREVIATED}


@pytest.fixture(scope="module")
def demo(demo_root: Path) -> Version:
    version = Warehouse(demo_root).current()
    assert version is not None
    return version


def exported(demo: Version, renaming: dict[str, str], folder: Path, *, is_named: bool) -> dict[tuple[str, str], str]:
    """Write every table as CSV with other headers; return what every column is called now."""
    names: dict[tuple[str, str], str] = {}
    for number, (name, pairs) in enumerate(renaming.items()):
        renamed = dict(pair.split("=") for pair in pairs.split())
        columns = ", ".join(f'{column}::VARCHAR AS "{header}"' for column, header in renamed.items())
        rows = Engine.of(demo).table(f"SELECT {columns} FROM {name}")
        pyarrow.csv.write_csv(rows, folder / (f"{name}.csv" if is_named else f"file{chr(97 + number)}.csv"))
        names |= {(name, column): header for column, header in renamed.items()}
    return names


@pytest.mark.parametrize("language", RENAMINGS)
def test_renamed_exports_of_the_demo_load_as_they_were_without_an_edit(demo: Version, tmp_path: Path, language: str) -> None:
    names = exported(demo, RENAMINGS[language], tmp_path, is_named=True)

    guess = guessed([tmp_path], beside=tmp_path)

    mapped = {(feed.table.name, column): names_[0] for feed in guess.feeds for column, names_ in feed.feed.columns.items()}
    assert mapped == names
    (tmp_path / "mapping.toml").write_text(to_toml(guess), "utf-8")
    result = load([], warehouse=Warehouse(tmp_path / "warehouse"), mapping=tmp_path / "mapping.toml")
    assert not result.findings
    assert result.version is not None
    assert content_hash(result.version) == content_hash(demo)


@pytest.mark.parametrize("language", RENAMINGS)
def test_what_a_file_holds_is_seen_without_its_name(demo: Version, tmp_path: Path, language: str) -> None:
    names = exported(demo, RENAMINGS[language], tmp_path, is_named=False)

    guess = guessed([tmp_path])

    assert {(feed.table.name, column): names_[0] for feed in guess.feeds for column, names_ in feed.feed.columns.items()} == names


def test_the_renamings_cover_what_the_demo_has(demo: Version) -> None:
    for renaming in RENAMINGS.values():
        assert set(renaming) == {name for name in demo.manifest.tables if not table(name).is_derived}
