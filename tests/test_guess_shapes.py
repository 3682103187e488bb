"""Files in shapes met in the wild, made up small: the guess loads them, and a few figures are counted by hand."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.guess import Guess, guessed, to_toml
from data.warehouse import Count
from tests.loading import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def write(shop: Shop, name: str, header: str, rows: list[tuple[object, ...]], *, delimiter: str = ",", encoding: str = "utf-8") -> None:
    lines = [header.replace(",", delimiter), *(delimiter.join(map(str, row)) for row in rows)]
    shop.write(f"in/{name}", ("\n".join(lines) + "\n").encode(encoding))


def load(shop: Shop) -> tuple[Guess, Any]:
    """Guess, write the mapping beside the files, and load with it as it is."""
    guess = guessed([shop.folder / "in"], beside=shop.folder / "in")
    result = shop.load(mapping=to_toml(guess).replace('file = "', 'file = "in/'))
    return guess, result


def columns(guess: Guess, table: str) -> dict[str, tuple[str, ...]]:
    (feed,) = guess.of(table)
    return feed.feed.columns


def test_one_row_per_item_with_pick_up_points_beside_a_table_of_hubs(shop: Shop) -> None:
    def row(number: int, item: str) -> tuple[object, ...]:
        start = datetime.fromisoformat("2014-10-01T11:00:00") + timedelta(minutes=31 * number)
        times = [start, start + timedelta(minutes=8), start + timedelta(minutes=20), start + timedelta(minutes=30 + number % 20)]
        arrived, left = ("", "") if number % 10 == 3 else times[1:3]
        place = 40.7264 + (number % 3) * 0.0002
        rider = number % 17
        vehicle = ("bicycle", "car", "van")[rider % 3]
        return (
            1000 + number,
            rider + 500,
            vehicle,
            "Melt Shop",
            item,
            place,
            -73.9938,
            40.73 + number * 1e-4,
            -73.98,
            start,
            arrived,
            left,
            times[3],
        )

    rows = [row(number, item) for number in range(120) for item in ("soup", "salad")[: 1 + number % 4 // 3]]
    header = (
        "delivery_id,jumpman_id,vehicle_type,pickup_place,item_name,pickup_lat,pickup_lon,dropoff_lat,"
        "dropoff_lon,when_the_delivery_started,"
        "when_the_Jumpman_arrived_at_pickup,when_the_Jumpman_left_pickup,when_the_Jumpman_arrived_at_dropoff"
    )
    write(shop, "metropolis_2014.csv", header, rows)
    write(shop, "hubs.csv", "hub_id,latitude,longitude", [("hub-1", 40.72641, -73.99382), ("hub-2", 40.743, -73.991)])

    guess, result = load(shop)

    assert columns(guess, "orders") == {
        "order_id": ("delivery_id",),
        "store_id": ("pickup_place",),
        "driver_id": ("jumpman_id",),
        "placed_at": ("when_the_delivery_started",),
        "arrived_at": ("when_the_Jumpman_arrived_at_pickup",),
        "picked_up_at": ("when_the_Jumpman_left_pickup",),
        "delivered_at": ("when_the_Jumpman_arrived_at_dropoff",),
        "dropoff_latitude": ("dropoff_lat",),
        "dropoff_longitude": ("dropoff_lon",),
    }
    assert guess.of("markets")[0].feed.constants["time_zone"] == "America/New_York"
    assert guess.of("markets")[0].feed.constants["market_id"] == "metropolis"
    assert columns(guess, "drivers") == {"driver_id": ("jumpman_id",), "vehicle": ("vehicle_type",)}
    assert result.counts["orders"] == Count(rows_in=150, kept=120, merged=30)
    assert result.counts["drivers"].kept == 17
    # Minutes to the door are 30 to 49, each six times; 12 orders lack their pick-up; 11:00 in October is 15:00 in UTC.
    sql = (
        "SELECT count(*) AS n, sum(click_to_door_s) AS s, count(picked_up_at) AS p, count(mall_id) AS m, "
        "min(placed_at)::VARCHAR AS at FROM orders"
    )
    assert shop.row(sql) == {"n": 120, "s": 6 * 60 * sum(range(30, 50)), "p": 108, "m": 120, "at": "2014-10-01 15:00:00"}


def test_minutes_after_midnight_on_a_plane_with_shifts_and_no_date(shop: Shop) -> None:
    orders = [(f"o{each}", 900 + 37 * each, 20_000 - 41 * each, 600 + each, f"r{each % 5}", 612 + each) for each in range(200)]
    write(shop, "orders.txt", "order,x,y,placement_time,restaurant,ready_time", orders, delimiter="\t")
    couriers = [(f"c{each}", 500 * each, 9_000, 600 + 10 * each, 840 + 10 * each) for each in range(30)]
    write(shop, "couriers.txt", "courier,x,y,on_time,off_time", couriers, delimiter="\t")
    write(shop, "restaurants.txt", "restaurant,x,y", [(f"r{each}", 3_000 * each, 5_000) for each in range(5)], delimiter="\t")

    guess, result = load(shop)

    assert result.counts["orders"].kept == 200
    assert result.counts["shifts"].kept == 30
    assert columns(guess, "shifts")["shift_id"] == ("courier", "on_time")
    row = shop.row("SELECT min(placed_to_ready_s) AS low, max(placed_to_ready_s) AS high, count(DISTINCT mall_id) AS malls FROM orders")
    assert row == {"low": 720, "high": 720, "malls": 5}
    assert shop.row("SELECT min(online_s) AS low, max(online_s) AS high FROM shifts") == {"low": 14_400, "high": 14_400}
    text = to_toml(guess)
    assert "on which day do they begin?" in text
    assert "where on Earth is its origin?" in text


def _hex(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind}{number}".encode()).hexdigest()[:32]


def test_promises_without_drivers_and_doors_known_by_postal_area_two_files_away(shop: Shop) -> None:
    orders = []
    for each in range(200):
        placed = datetime.fromisoformat("2017-10-02T08:56:33") + timedelta(hours=3, minutes=11) * each
        done = ("", "") if each % 20 == 0 else (placed + timedelta(days=2), placed + timedelta(days=8, minutes=each))
        status = "canceled" if each % 20 == 0 else "delivered"
        promise = (placed + timedelta(days=20)).date()
        orders.append((_hex("o", each), _hex("c", each), status, placed, placed + timedelta(minutes=11), *done, f"{promise} 00:00:00"))
    write(
        shop,
        "orders_dataset.csv",
        "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
        "order_delivered_carrier_date,order_delivered_customer_date,"
        "order_estimated_delivery_date",
        orders,
    )
    customers = [(_hex("c", each), _hex("u", each), f"{1000 + each % 40:05}", "sao paulo", "SP") for each in range(200)]
    write(shop, "customers_dataset.csv", "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state", customers)
    areas = [(f"{1000 + each % 40:05}", -23.5 - each % 7 / 100, -46.6 - each % 5 / 100, "sao paulo", "SP") for each in range(400)]
    header = "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state"
    write(shop, "geolocation_dataset.csv", header, areas)

    guess, result = load(shop)

    found = columns(guess, "orders")
    assert found["placed_at"] == ("order_purchase_timestamp",)
    assert found["picked_up_at"] == ("order_delivered_carrier_date",)
    assert found["delivered_at"] == ("order_delivered_customer_date",)
    assert found["promised_by"] == ("order_estimated_delivery_date",)
    assert found["dropoff_latitude"] == ("geolocation_dataset.geolocation_lat",)
    assert guess.unplaced == ()
    assert guess.of("markets")[0].feed.constants["time_zone"] == "America/Sao_Paulo"
    assert result.counts["orders"].kept == 200
    row = shop.row(
        "SELECT count(*) FILTER (status = 'cancelled') AS cancelled, count(dropoff_cell) AS doors, max(late_s) AS late FROM orders"
    )
    assert (row["cancelled"], row["doors"]) == (10, 200)
    assert row["late"] < 0


def test_hubs_with_stores_in_latin_1_times_of_twelve_hours_and_drivers_in_a_third_file(shop: Shop) -> None:
    def clock(at: datetime) -> str:
        return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {at:%p}"

    orders = []
    for each in range(300):
        at = datetime.fromisoformat("2021-01-01T09:00:00") + timedelta(minutes=97 * each)
        events = [clock(at + timedelta(minutes=minute)) for minute in (0, 2, 9, 15, 41)]
        is_done = each % 15 > 0
        orders.append(
            (
                9_000 + each,
                1 + each % 12,
                "FINISHED" if is_done else "CANCELED",
                "62.7",
                "11.4",
                events[0],
                *(events[1:] if is_done else [""] * 4),
            )
        )
    header = (
        "order_id,store_id,order_status,order_amount,order_delivery_fee,order_moment_created,order_moment_accepted,order_moment_ready,"
        "order_moment_collected,order_moment_finished"
    )
    write(shop, "orders.csv", header, orders)
    hubs = [
        (each, f"{name} SHOPPING", "PORTO ALEGRE", "RS", -30.03 - each / 100, -51.2)
        for each, name in enumerate(("BLUE", "GREEN", "RED"), 2)
    ]
    write(shop, "hubs.csv", "hub_id,hub_name,hub_city,hub_state,hub_latitude,hub_longitude", hubs)
    stores = [(each, 2 + each % 3, f"AÇAÍ {each}", "FOOD") for each in range(1, 13)]
    write(shop, "stores.csv", "store_id,hub_id,store_name,store_segment", stores, encoding="latin-1")
    deliveries = [(70 + each, 9_000 + each, 100 + each % 20, 300 + each, "DELIVERED") for each in range(300)]
    write(shop, "deliveries.csv", "delivery_id,delivery_order_id,driver_id,delivery_distance_meters,delivery_status", deliveries)
    write(shop, "drivers.csv", "driver_id,driver_modal", [(100 + each, ("MOTOBOY", "BIKER")[each % 2]) for each in range(20)])

    guess, result = load(shop)

    found = columns(guess, "orders")
    assert (found["mall_id"], found["driver_id"]) == (("stores.hub_id",), ("deliveries.driver_id",))
    assert guess.of("orders")[0].feed.date_formats == ("%m/%d/%Y %I:%M:%S %p",)
    assert not [each for each in result.findings if each.table == "orders"]
    row = shop.row(
        "SELECT count(*) FILTER (status = 'delivered') AS delivered, count(mall_id) AS malls, count(DISTINCT driver_id) AS drivers, "
        "min(click_to_door_s) AS s, min(fee_cents) AS fee, min(placed_at)::VARCHAR AS at FROM orders"
    )
    assert row == {"delivered": 280, "malls": 300, "drivers": 20, "s": 2460, "fee": 1140, "at": "2021-01-01 12:00:00"}
    assert shop.row("SELECT name FROM stores WHERE store_id = '7'") == {"name": "AÇAÍ 7"}


def test_days_and_clocks_apart_words_for_nothing_and_coordinates_of_lost_sign(shop: Shop) -> None:
    rows = []
    for each in range(200):
        placed = (
            datetime.fromisoformat("2022-03-01T23:50:00")
            if each == 7
            else datetime.fromisoformat("2022-03-01T10:40:00") + timedelta(hours=each % 12)
        )
        picked = placed + timedelta(minutes=15)
        day = (placed + timedelta(days=each % 28)).strftime("%d-%m-%Y")
        sign = -1 if each % 25 == 4 else 1
        age = "NaN " if each % 9 == 0 else 37
        clocks = (placed.strftime("%H:%M:%S"), picked.strftime("%H:%M:%S"))
        rows.append(
            (f"0x{each:x}", f"DEL{each % 20:02}", age, sign * 22.75, sign * 75.89, day, *clocks, "motorcycle ", f"(min) {20 + each % 5}")
        )
    header = (
        "ID,Delivery_person_ID,Delivery_person_Age,Delivery_location_latitude,Delivery_location_longitude,"
        "Order_Date,Time_Orderd,Time_Order_picked,"
        "Type_of_vehicle,Time_taken(min)"
    )
    write(shop, "train.csv", header, rows)

    guess, result = load(shop)

    assert columns(guess, "orders")["placed_at"] == ("Order_Date", "Time_Orderd")
    assert columns(guess, "orders")["picked_up_at"] == ("Order_Date", "Time_Order_picked")
    assert result.counts["orders"].kept == 200
    row = shop.row(
        "SELECT min(dropoff_latitude) AS low, max(dropoff_latitude) AS high, min(picked_up_at - placed_at)::VARCHAR AS a, "
        "max(picked_up_at - placed_at)::VARCHAR AS b, sum(drive_s) AS s FROM orders"
    )
    assert row == {"low": 22.75, "high": 22.75, "a": "00:15:00", "b": "00:15:00", "s": 200 * 22 * 60}


def test_epochs_with_zeros_scaled_coordinates_and_waves_as_shifts(shop: Shop) -> None:
    rows = []
    for each in range(300):
        placed = 1_666_077_600 + 37 * each
        done = (placed + 900, placed + 1500) if each % 10 else (0, 0)
        rows.append(
            (
                each,
                2_000 + each // 2,
                8_000 + each,
                each % 30,
                1 if each % 10 else 0,
                116_400_000 + each,
                39_900_000 + each,
                placed + 2400,
                placed + 60,
                *done,
                placed,
            )
        )
    header = (
        "row,order_id,waybill_id,courier_id,is_courier_grabbed,recipient_lng,recipient_lat,"
        "estimate_arrived_time,grab_time,fetch_time,arrive_time,platform_order_time"
    )
    write(shop, "all_waybill_info.csv", header, rows)
    waves = [(20221018, each % 30, each // 30, 1_666_060_000 + each, 1_666_070_000 + each) for each in range(120)]
    write(shop, "courier_wave_info.csv", "dt,courier_id,wave_id,wave_start_time,wave_end_time", waves)

    guess, result = load(shop)

    found = columns(guess, "orders")
    assert found["order_id"] == ("waybill_id",)
    assert [found[name] for name in ("placed_at", "accepted_at", "picked_up_at", "delivered_at", "promised_by")] == [
        ("platform_order_time",),
        ("grab_time",),
        ("fetch_time",),
        ("arrive_time",),
        ("estimate_arrived_time",),
    ]
    assert columns(guess, "shifts")["shift_id"] == ("courier_id", "wave_id")
    assert (result.counts["orders"].kept, result.counts["shifts"].kept) == (300, 120)
    row = shop.row("SELECT count(delivered_at) AS d, max(click_to_door_s) AS s, min(dropoff_latitude) AS y FROM orders")
    assert row == {"d": 270, "s": 1500, "y": 39.9}
    assert guess.of("markets")[0].feed.constants["time_zone"] == "Asia/Shanghai"


def test_coordinates_against_the_malls_get_their_sign(shop: Shop) -> None:
    write(shop, "malls.csv", "mall_id,market,name,lat,lon", [("M1", "Desert", "One", 33.5, -112.0), ("M2", "Desert", "Two", 33.4, -111.9)])
    rows = [
        (f"o{each}", f"M{1 + each % 2}", f"2026-03-02T17:{each:02}:00Z", -112.0 - each / 1000, -33.5 - each / 1000) for each in range(60)
    ]
    write(shop, "orders.csv", "order,mall,ordered,destination_lng,destination_lat", rows)

    load(shop)

    row = shop.row("SELECT min(dropoff_latitude) AS y, min(dropoff_longitude) AS x, count(*) AS n FROM orders")
    assert row == {"y": 33.5, "x": pytest.approx(-112.059), "n": 60}


def test_latitude_under_the_name_of_longitude_is_exchanged(shop: Shop) -> None:
    write(shop, "malls.csv", "mall_id,market,name,lat,lon", [("M1", "Desert", "One", 33.5, -112.0), ("M2", "Desert", "Two", 33.4, -111.9)])
    rows = [(f"o{each}", f"M{1 + each % 2}", f"2026-03-02T17:{each:02}:00Z", -112.0 - each / 1000, 33.5) for each in range(60)]
    write(shop, "orders.csv", "order,mall,ordered,destination_lat,destination_lng", rows)

    guess, result = load(shop)

    assert guess.of("orders")[0].extras["swap"] == ["dropoff_latitude"]
    assert result.counts["orders"].kept == 60
    row = shop.row("SELECT min(dropoff_latitude) AS y, min(dropoff_longitude) AS x FROM orders")
    assert row == {"y": 33.5, "x": pytest.approx(-112.059)}


def test_a_decimal_comma_and_a_day_first_date_are_seen(shop: Shop) -> None:
    rows = [(each, f"{13 + each % 15:02}.03.2026 18:{each:02}", f"{each},50", f"33,{500 + each}", f"-112,0{each:02}") for each in range(50)]
    write(shop, "bestellungen.csv", "Bestellnr;Bestellzeit;Liefergebühr;Ziel_Breite;Ziel_Länge", rows, delimiter=";")

    guess, result = load(shop)

    (feed,) = guess.of("orders")
    assert feed.feed.date_formats == ("%d.%m.%Y %H:%M",)
    assert feed.feed.units["fee_cents"] == "dollars"
    assert result.counts["orders"].kept == 50
    row = shop.row("SELECT min(dropoff_latitude) AS y, max(dropoff_longitude) AS x, max(fee_cents) AS fee FROM orders")
    assert row == {"y": 33.5, "x": -112.0, "fee": 4950}
