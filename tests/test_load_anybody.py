"""Data sets as they are found in the wild, a few rows each: they load by mapping alone, with stages and click-to-door counted by hand."""

import json
from pathlib import Path

import pytest

from data.warehouse import Count
from tests.loading import Shop, rules


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


STAGES = "order_id, click_to_door_s, prep_s, assign_s, approach_s, mall_dwell_s, drive_s, unsplit_s"


def stages(shop: Shop) -> dict[str, tuple[object, ...]]:
    return {row.pop("order_id"): tuple(row.values()) for row in shop.rows(f"SELECT {STAGES} FROM orders ORDER BY order_id")}


def test_simulated_couriers_on_a_plane_with_minutes_after_midnight(shop: Shop) -> None:
    shop.write("restaurants.txt", "restaurant\tx\ty\n1\t0\t0\n2\t5000\t-3000\n")
    shop.write(
        "orders.txt",
        "order\tx\ty\tplacement_time\tready_time\tpickup_time\tdelivery_time\trestaurant\tcourier\n"
        "1\t1000\t1000\t700\t710\t712.5\t730\t1\tc1\n"
        "2\t1200\t900\t705\t711\t712.5\t740\t1\tc1\n"
        "3\t5500\t-3200\t1435\t1441\t1445\t1460\t2\tc2\n",
    )
    shop.write("couriers.txt", "courier\ton_time\toff_time\nc1\t660\t780\nc2\t1380\t1500\n")
    mapping = """
    market_id = "there"
    [markets.constants]
    name = "There"
    time_zone = "America/Chicago"
    [malls]
    file = "restaurants.txt"
    columns = { mall_id = "restaurant", name = "restaurant", latitude = "y", longitude = "x" }
    constants = { status = "open" }
    planar = { latitude = 41.8, longitude = -87.6 }
    [stores]
    file = "restaurants.txt"
    columns = { store_id = "restaurant", mall_id = "restaurant" }
    [shifts]
    file = "couriers.txt"
    base_date = 2026-03-02
    columns = { shift_id = "courier", driver_id = "courier", start_at = "on_time", end_at = "off_time" }
    units = { start_at = "minutes", end_at = "minutes" }
    [orders]
    file = "orders.txt"
    base_date = 2026-03-02
    units = { placed_at = "minutes", ready_at = "minutes", picked_up_at = "minutes", delivered_at = "minutes" }
    planar = { latitude = 41.8, longitude = -87.6 }
    first_of = { accepted_at = ["picked_up_at"], arrived_at = ["picked_up_at"] }
    [orders.columns]
    order_id = "order"
    store_id = "restaurant"
    driver_id = "courier"
    placed_at = "placement_time"
    ready_at = "ready_time"
    picked_up_at = "pickup_time"
    delivered_at = "delivery_time"
    dropoff_latitude = "y"
    dropoff_longitude = "x"
    [trips]
    infer = "orders"
    """

    result = shop.load(mapping=mapping)

    assert not [each for each in result.findings if each.severity == "reject"]
    # Accepted and arrived are put at the pick-up: what comes before is preparing and waiting for a courier.
    assert stages(shop) == {
        "1": (1800, 600, 150, 0, 0, 1050, 0),
        "2": (2100, 360, 90, 0, 0, 1650, 0),
        "3": (1500, 360, 240, 0, 0, 900, 0),
    }
    # 1,000 m north and 1,000 m east are 1,414 m from the mall, which follows from the store.
    assert [tuple(row.values()) for row in shop.rows("SELECT mall_id, distance_m FROM orders ORDER BY order_id")] == [
        ("1", 1414),
        ("1", 1500),
        ("2", 539),
    ]
    assert shop.rows("SELECT online_s, local_hour FROM shifts ORDER BY shift_id") == [
        {"online_s": 7200, "local_hour": 11},
        {"online_s": 7200, "local_hour": 23},
    ]
    # 24:20 of 2 March, in Chicago.
    assert shop.row("SELECT delivered_at::VARCHAR AS at, local_date::VARCHAR AS day FROM orders WHERE order_id = '3'") == {
        "at": "2026-03-03 06:20:00",
        "day": "2026-03-02",
    }
    assert [row["order_count"] for row in shop.rows("SELECT order_count FROM trips ORDER BY trip_id")] == [2, 1]


def test_national_shop_orders_with_days_promised_and_areas_of_many_points(shop: Shop) -> None:
    ids = {name: name * 32 for name in "abcdef"}
    shop.write(
        "orders.csv",
        '"order_id","customer_id","order_status","order_purchase_timestamp","order_delivered_customer_date","order_estimated_delivery_date"\n'
        f'"{ids["a"]}","{ids["c"]}","delivered","2017-10-02 10:56:33","2017-10-10 21:25:13","2017-10-10 00:00:00"\n'
        f'"{ids["b"]}","{ids["d"]}","delivered","2017-10-02 10:56:33","2017-10-11 00:00:00","2017-10-10 00:00:00"\n'
        f'"{ids["e"]}","{ids["f"]}","shipped","2017-10-02 10:56:33",,"2017-10-10 00:00:00"\n',
    )
    shop.write(
        "customers.csv",
        f'"customer_id","customer_unique_id","customer_zip_code_prefix"\n"{ids["c"]}","u1","01037"\n"{ids["d"]}","u2","01046"\n'
        f'"{ids["f"]}","u1","99999"\n',
    )
    shop.write(
        "geolocation.csv",
        '"geolocation_zip_code_prefix","geolocation_lat","geolocation_lng"\n'
        '"01037",-23.545,-46.639\n"01037",-23.546,-46.641\n"01037",41.6,-8.4\n"01046",-23.54,-46.64\n"01046",-23.56,-46.66\n',
    )
    mapping = """
    [markets.constants]
    market_id = "sp"
    name = "Sao Paulo"
    time_zone = "America/Sao_Paulo"
    currency = "BRL"
    [orders]
    file = "orders.csv"
    constants = { market_id = "sp" }
    values = { status = { shipped = "", invoiced = "", unavailable = "failed", canceled = "cancelled" } }
    whole_days = ["promised_by"]
    join = [
        { file = "customers.csv", on = "customer_id" },
        { file = "geolocation.csv", on = { customer_zip_code_prefix = "geolocation_zip_code_prefix" }, keep = "median" },
    ]
    [orders.columns]
    customer_id = "customer_unique_id"
    status = "order_status"
    placed_at = "order_purchase_timestamp"
    delivered_at = "order_delivered_customer_date"
    promised_by = "order_estimated_delivery_date"
    dropoff_latitude = "geolocation_lat"
    dropoff_longitude = "geolocation_lng"
    """

    result = shop.load(mapping=mapping)

    assert result.counts["orders"] == Count(rows_in=3, kept=3)
    rows_ = shop.rows(
        "SELECT customer_id, status, click_to_door_s, late_s, unsplit_s, is_dropoff_area, dropoff_latitude FROM orders ORDER BY order_id"
    )
    # 8 d 10 h 28 min 40 s; promised to the end of 10 October by the local clock.
    assert [tuple(row.values()) for row in rows_] == [
        ("u1", "delivered", 728_920, -9286, 728_920, True, None),
        ("u2", "delivered", 738_207, 1, 738_207, True, None),
        ("u1", None, None, None, None, False, None),
    ]
    # The median of three points is none of the far ones.
    assert shop.row("SELECT count(dropoff_cell) AS known, count(DISTINCT dropoff_cell) AS cells FROM orders") == {"known": 2, "cells": 2}
    assert any("each key of geolocation.csv stands for the median of its rows (2 keys)" in note for note in result.notes)


def test_hubs_with_stores_in_latin_1_and_several_deliveries_an_order(shop: Shop) -> None:
    shop.write("hubs.csv", "hub_id,hub_name,hub_city,hub_latitude,hub_longitude\n2,BLUE SHOPPING,PORTO ALEGRE,-30.0474148,-51.2135100\n")
    shop.write(
        "stores.csv",
        "store_id,hub_id,store_name,store_segment,store_latitude,store_longitude\n3,2,CAFÉ CUMIURI,FOOD,-30.03,-51.21\n".encode("latin-1"),
    )
    shop.write("drivers.csv", "driver_id,driver_modal,driver_type\n8378,MOTOBOY,FREELANCE\n9,BIKER,FREELANCE\n")
    shop.write(
        "deliveries.csv",
        "delivery_id,delivery_order_id,driver_id,delivery_distance_meters,delivery_status\n"
        "5,68405055,9,100.0,CANCELLED\n6,68405055,8378,5199.0,DELIVERED\n7,68405119,,1.0,CANCELLED\n",
    )
    shop.write(
        "orders.csv",
        "order_id,store_id,delivery_order_id,order_status,order_delivery_fee,order_moment_created,order_moment_ready,"
        "order_moment_collected,order_moment_delivering,order_moment_delivered\n"
        "68405119,3,68405119,CANCELED,0.0,1/1/2021 12:01:36 AM,,,,\n"
        "68405055,3,68405055,FINISHED,7.9,1/29/2021 11:50:00 PM,1/30/2021 12:01:00 AM,1/30/2021 12:05:00 AM,1/30/2021 12:06:00 AM,"
        "1/30/2021 12:21:30 AM\n",
    )
    mapping = """
    [markets.constants]
    market_id = "poa"
    name = "Porto Alegre"
    time_zone = "America/Sao_Paulo"
    currency = "BRL"
    [malls]
    file = "hubs.csv"
    columns = { mall_id = "hub_id", name = "hub_name", latitude = "hub_latitude", longitude = "hub_longitude" }
    constants = { market_id = "poa", status = "open" }
    [stores]
    file = "stores.csv"
    columns = { mall_id = "hub_id", name = "store_name", category = "store_segment" }
    [drivers]
    file = "drivers.csv"
    columns = { vehicle = "driver_modal" }
    constants = { market_id = "poa" }
    [orders]
    file = "orders.csv"
    date_formats = ["%m/%d/%Y %I:%M:%S %p"]
    units = { fee_cents = "dollars" }
    values = { status = { FINISHED = "delivered", CANCELED = "cancelled" } }
    join = { file = "deliveries.csv", on = "delivery_order_id", keep = "last", by = "delivery_id" }
    [orders.columns]
    status = "order_status"
    fee_cents = "order_delivery_fee"
    driver_id = "driver_id"
    placed_at = "order_moment_created"
    ready_at = "order_moment_ready"
    picked_up_at = "order_moment_collected"
    delivered_at = "order_moment_delivered"
    """

    result = shop.load(mapping=mapping)

    assert shop.row("SELECT name, mall_id FROM stores") == {"name": "CAFÉ CUMIURI", "mall_id": "2"}
    assert "stores.csv: not UTF-8, so it was read as Latin-1" in result.notes
    rows_ = shop.rows("SELECT mall_id, market_id, driver_id, status, fee_cents, local_date::VARCHAR AS day FROM orders ORDER BY order_id")
    assert [tuple(row.values()) for row in rows_] == [
        ("2", "poa", "8378", "delivered", 790, "2021-01-29"),
        ("2", "poa", None, "cancelled", 0, "2021-01-01"),
    ]
    # Placed 23:50, ready 00:01, collected 00:05, delivered 00:21:30; nobody knows when a driver accepted.
    assert stages(shop)["68405055"] == (1890, None, None, None, None, 990, 900)
    assert ("unknown_reference", "driver_id") not in rules(result)
    assert "orders: 1 of 2 keys of deliveries.csv have several rows; the last by delivery_id was kept" in result.notes


def test_deliveries_with_flipped_points_clocks_past_midnight_and_minutes_in_words(shop: Shop) -> None:
    header = "ID,Rider,Lat1,Lon1,Lat2,Lon2,Order_Date,Time_Orderd,Time_Order_picked,Time_taken(min),Rating,City\n"
    shop.write(
        "train.csv",
        header
        + "0x1,A1,22.745049,75.892471,22.765049,75.912471,19-03-2022,11:30:00,11:45:00,(min) 24,4.9,Urban \n"
        + "0x2,A2,-22.745049,75.892471,-22.765049,75.912471,25-03-2022,23:50:00,00:05:00,(min) 33,NaN ,NaN \n"
        + "0x3,A1,22.745049,75.892471,22.765049,75.912471,19-03-2022,NaN ,11:45:00,(min) 26,4.4,Urban \n"
        + "0x4,A2,22.745049,75.892471,22.765049,75.912471,05-04-2022,21:55:00,22:10:00,(min) 120.5,4.4,Urban \n",
    )
    mapping = """
    [markets.constants]
    market_id = "in"
    name = "Indore"
    time_zone = "Asia/Kolkata"
    [malls.constants]
    mall_id = "M"
    market_id = "in"
    name = "Mall"
    latitude = 22.7451
    longitude = 75.8925
    [orders]
    file = "train.csv"
    date_formats = ["%d-%m-%Y"]
    rolls = true
    nearest = { latitude = "Lat1", longitude = "Lon1", within_m = 500 }
    flip = { pickup_latitude = "positive", dropoff_latitude = "positive" }
    [orders.columns]
    order_id = "ID"
    driver_id = "Rider"
    placed_at = ["Order_Date", "Time_Orderd"]
    picked_up_at = ["Order_Date", "Time_Order_picked"]
    dropoff_latitude = "Lat2"
    dropoff_longitude = "Lon2"
    [orders.after]
    delivered_at = { event = "picked_up_at", by = "Time_taken(min)", unit = "minutes" }
    """

    result = shop.load(mapping=mapping)

    assert result.counts["orders"] == Count(rows_in=4, kept=3, rejected=1)
    assert rules(result)["missing_value", "placed_at"] == 1
    assert {name: values[0] for name, values in stages(shop).items()} == {"0x1": 2340, "0x2": 2880, "0x4": 8130}
    assert stages(shop)["0x2"] == (2880, None, None, None, None, 1980, 900)
    places = shop.rows("SELECT DISTINCT mall_id, distance_m FROM orders")
    assert [(row["mall_id"], 2900 < row["distance_m"] < 3100) for row in places] == [("M", True)]
    assert any(note.startswith("orders.picked_up_at: 1 times of day are earlier") for note in result.notes)
    assert any(note.startswith("train.csv: columns not used: Rating, City") for note in result.notes)


def test_courier_waybills_in_epoch_seconds_with_scaled_coordinates_and_waves(shop: Shop) -> None:
    base = 1_666_000_000  # 17 October 2022, 09:46:40 UTC, 17:46:40 in Shanghai
    header = "waybill_id,courier_id,poi_id,sender_lng,sender_lat,recipient_lng,recipient_lat,"
    header += "platform_order_time,dispatch_time,grab_time,arrive_time,fetch_time,estimate_arrived_time\n"
    point = "174529000,45910000,174539000,45920000"
    shop.write(
        "waybills.csv",
        header
        + f"1,7,5,{point},{base},{base + 60},{base + 90},{base + 1500},{base + 700},{base + 2400}\n"
        + f"2,7,5,{point},{base + 30},{base + 60},0,0,0,{base + 2400}\n",
    )
    shop.write("waves.csv", f"wave_id,courier_id,start,end\n0,7,{base},{base + 3600}\n1,7,{base + 7200},{base + 9000}\n0,8,{base},0\n")
    mapping = """
    [markets.constants]
    market_id = "cn"
    name = "There"
    time_zone = "Asia/Shanghai"
    currency = "CNY"
    [malls]
    file = "waybills.csv"
    merge = true
    columns = { mall_id = "poi_id", name = "poi_id", latitude = "sender_lat", longitude = "sender_lng" }
    units = { latitude = "microdegrees", longitude = "microdegrees" }
    constants = { market_id = "cn" }
    [shifts]
    file = "waves.csv"
    columns = { shift_id = ["courier_id", "wave_id"], driver_id = "courier_id", start_at = "start", end_at = "end" }
    constants = { market_id = "cn" }
    missing = { end_at = ["0"] }
    [orders]
    file = "waybills.csv"
    missing = { accepted_at = ["0"], picked_up_at = ["0"], delivered_at = ["0"] }
    units = { dropoff_latitude = "microdegrees", dropoff_longitude = "microdegrees" }
    values = { status = {} }
    [orders.columns]
    order_id = "waybill_id"
    mall_id = "poi_id"
    driver_id = "courier_id"
    placed_at = "platform_order_time"
    accepted_at = "grab_time"
    picked_up_at = "fetch_time"
    delivered_at = "arrive_time"
    promised_by = "estimate_arrived_time"
    dropoff_latitude = "recipient_lat"
    dropoff_longitude = "recipient_lng"
    """

    result = shop.load(mapping=mapping)

    assert shop.row("SELECT mall_id, latitude, longitude FROM malls") == {"mall_id": "5", "latitude": 45.91, "longitude": 174.529}
    assert result.counts["malls"] == Count(rows_in=2, kept=1, merged=1)
    assert stages(shop) == {"1": (1500, None, None, None, None, 800, 700), "2": (None,) * 7}
    assert shop.rows("SELECT status, late_s, local_hour FROM orders ORDER BY order_id") == [
        {"status": "delivered", "late_s": -900, "local_hour": 17},
        {"status": None, "late_s": None, "local_hour": 17},
    ]
    assert result.counts["shifts"] == Count(rows_in=3, kept=2, rejected=1)
    assert ("unparsable_optional", "accepted_at") not in rules(result)


def test_doors_known_by_a_postal_code_get_the_cell_of_its_inner_point_and_say_so(shop: Shop) -> None:
    square = [[-112.02, 33.49], [-111.98, 33.49], [-111.98, 33.51], [-112.02, 33.51], [-112.02, 33.49]]
    # A U: its center of gravity lies in the gap.
    u = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3], [0, 0]]
    features = [
        {"type": "Feature", "properties": {"ZIP": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in (("85001", square), ("00001", [[-112 + x / 100, 33.4 + y / 100] for x, y in u]))
    ]
    shop.open().write("zips.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    shop.rows_file(
        "orders.csv",
        [{"order_id": code, "mall_id": "M1", "placed_at": "2026-03-02 10:00", "zip": code} for code in ("85001", "00001", "77777")],
    )
    mapping = """
    [orders]
    file = "orders.csv"
    join = { name = "zips", file = "zips.geojson", on = { zip = "ZIP" } }
    columns = { dropoff_latitude = "zips.latitude", dropoff_longitude = "zips.longitude" }
    """

    result = shop.load(mapping=mapping)

    rows_ = shop.rows(
        "SELECT order_id, dropoff_latitude, is_dropoff_area, dropoff_cell IS NOT NULL AS has_cell, distance_m FROM orders ORDER BY 1"
    )
    # The square's middle is the mall itself.
    assert [tuple(row.values())[:4] for row in rows_] == [
        ("00001", None, True, True),
        ("77777", None, False, False),
        ("85001", None, True, True),
    ]
    assert (rows_[1]["distance_m"], rows_[2]["distance_m"]) == (None, 0)
    assert "orders: 1 rows have no match in zips.geojson; they stay" in result.notes
    assert not shop.load(mapping=mapping).is_new


def test_stores_find_their_mall_by_distance_and_orders_follow_their_store(shop: Shop) -> None:
    shop.open()
    stores = [{"store_id": "near", "y": "33.505", "x": "-112.0"}, {"store_id": "far", "y": "33.6", "x": "-112.0"}]
    mapping = """
    [stores]
    file = "shops.csv"
    nearest = { latitude = "y", longitude = "x", within_m = 1000 }
    """
    orders = [{"order_id": each, "store_id": each, "placed_at": "2026-03-02 17:00"} for each in ("near", "far")]

    result = shop.load(shop.rows_file("shops.csv", stores), mapping=mapping)
    assert rules(result)["no_mall_within_distance", "mall_id"] == 1
    shop.load(shop.rows_file("orders.csv", [*orders, {**orders[0], "order_id": "own", "mall_id": "M2"}]))

    assert shop.rows("SELECT store_id, mall_id FROM stores ORDER BY 1") == [
        {"store_id": "far", "mall_id": None},
        {"store_id": "near", "mall_id": "M1"},
    ]
    assert {row["order_id"]: (row["mall_id"], row["market_id"]) for row in shop.rows("SELECT * FROM orders")} == {
        "near": ("M1", "desert"),
        "far": (None, None),
        "own": ("M2", "coast"),
    }


def test_malls_without_coordinates_are_in_the_middle_of_their_stores(shop: Shop) -> None:
    stores = [("a", "H1", "33.50", "-112.0"), ("b", "H1", "33.52", "-112.2"), ("c", "H1", "0.5", "-112.1"), ("d", "H2", "33.4", "-111.9")]
    shop.rows_file("stores.csv", [dict(zip(("store_id", "hub", "lat", "lon"), each, strict=True)) for each in stores])
    mapping = """
    market_id = "here"
    [markets.constants]
    name = "Here"
    time_zone = "America/Phoenix"
    [malls]
    file = "stores.csv"
    merge = true
    join = { name = "all", file = "stores.csv", on = "hub", keep = "median" }
    columns = { mall_id = "hub", name = "hub", latitude = "all.lat", longitude = "all.lon" }
    [stores]
    file = "stores.csv"
    columns = { mall_id = "hub" }
    """

    result = shop.load(mapping=mapping)

    assert [tuple(row.values()) for row in shop.rows("SELECT mall_id, market_id, latitude, longitude FROM malls ORDER BY 1")] == [
        ("H1", "here", 33.5, -112.1),
        ("H2", "here", 33.4, -111.9),
    ]
    assert result.counts["malls"] == Count(rows_in=4, kept=2, merged=2)
