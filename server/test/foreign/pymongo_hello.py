#!/usr/bin/env python3
"""The server as a client in another language sees it: CRUD, a transaction, a change stream, SCRAM.

    pip install pymongo
    python3 server/test/foreign/pymongo_hello.py        (after `npm run build`)

Starts the server's command line tool once per topology and says what worked. Exit code 0: all of it; 1: something failed;
3: pymongo is not installed.
"""

import json
import pathlib
import subprocess
import sys
from contextlib import contextmanager

try:
    import pymongo
    from pymongo import MongoClient
    from pymongo.errors import DuplicateKeyError, OperationFailure
except ImportError:
    print("pymongo is not installed: pip install pymongo")
    sys.exit(3)

CLI = pathlib.Path(__file__).resolve().parents[2] / "bin" / "mongotempo-server.js"
WAIT = {"serverSelectionTimeoutMS": 10_000}


@contextmanager
def server(*options):
    """Yields the URI of a server that runs as long as the block."""
    command = ["node", str(CLI), "--port", "0", "--json", "--control", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["uri"]
    finally:
        process.stdin.close()
        process.wait(timeout=10)


def crud(client):
    fruits = client.shop.fruits
    fruits.drop()
    fruits.insert_one({"_id": 1, "name": "apple", "price": 3})
    fruits.insert_many([{"_id": n, "name": f"fruit {n}", "price": n} for n in range(2, 301)])
    assert fruits.count_documents({}) == 300
    assert fruits.find_one({"name": "apple"}) == {"_id": 1, "name": "apple", "price": 3}
    assert sum(1 for _ in fruits.find({"price": {"$gt": 100}}, batch_size=50)) == 200
    assert fruits.update_one({"_id": 1}, {"$inc": {"price": 2}}).modified_count == 1
    assert fruits.find_one_and_update({"_id": 1}, {"$set": {"ripe": True}}, return_document=True)["price"] == 5
    totals = fruits.aggregate([{"$group": {"_id": None, "total": {"$sum": "$price"}}}])
    assert next(totals)["total"] == 5 + sum(range(2, 301))
    assert fruits.delete_many({"_id": {"$gt": 200}}).deleted_count == 100
    fruits.create_index("name", unique=True)
    try:
        fruits.insert_one({"name": "apple"})
        raise AssertionError("the second apple was not refused")
    except DuplicateKeyError as error:
        assert error.details["keyPattern"] == {"name": 1}
    return "CRUD"


def bulk_write(client):
    from pymongo import InsertOne, UpdateOne

    operations = [
        InsertOne(namespace="shop.bulk", document={"_id": 1}),
        UpdateOne(namespace="shop.bulk", filter={"_id": 1}, update={"$set": {"done": True}}),
    ]
    result = client.bulk_write(operations)
    assert (result.inserted_count, result.modified_count) == (1, 1)
    return "bulkWrite on the client"


def transaction(client):
    accounts = client.shop.accounts
    accounts.drop()
    accounts.insert_many([{"_id": "a", "amount": 10}, {"_id": "b", "amount": 0}])

    def move(session):
        accounts.update_one({"_id": "a"}, {"$inc": {"amount": -4}}, session=session)
        accounts.update_one({"_id": "b"}, {"$inc": {"amount": 4}}, session=session)

    with client.start_session() as session:
        session.with_transaction(move)
        session.start_transaction()
        accounts.delete_many({}, session=session)
        assert accounts.count_documents({}, session=session) == 0
        session.abort_transaction()
    assert {entry["_id"]: entry["amount"] for entry in accounts.find()} == {"a": 6, "b": 4}
    return "transaction"


def change_stream(client):
    orders = client.shop.orders
    with orders.watch(full_document="updateLookup") as stream:
        orders.insert_one({"_id": 1})
        orders.update_one({"_id": 1}, {"$set": {"paid": True}})
        orders.delete_one({"_id": 1})
        events = [next(stream) for _ in range(3)]
    assert [event["operationType"] for event in events] == ["insert", "update", "delete"]
    assert events[1]["updateDescription"]["updatedFields"] == {"paid": True}
    with orders.watch(resume_after=events[0]["_id"]) as stream:
        assert next(stream)["operationType"] == "update"
    return "change stream"


def scram(uri):
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        client = MongoClient(uri, username="ann", password="secret", authMechanism=mechanism, **WAIT)
        with client:
            client.shop.fruits.insert_one({"by": mechanism})
    with MongoClient(uri, username="ann", password="wrong", **WAIT) as client:
        try:
            client.shop.fruits.find_one()
            raise AssertionError("a wrong password was taken")
        except OperationFailure as error:
            assert error.code == 18, error
    with MongoClient(uri, **WAIT) as client:
        try:
            client.shop.fruits.find_one()
            raise AssertionError("nobody was let in")
        except OperationFailure as error:
            assert error.code == 13, error
    return "SCRAM-SHA-1 and -256"


def main():
    everything = [crud, bulk_write, transaction, change_stream]
    topologies = {
        "standalone": ([], [crud, bulk_write]),
        "replica set": (["--replset", "3"], everything),
        "sharded cluster": (["--sharded", "2"], everything),
        "load balancer": (["--load-balanced", "2"], everything),
    }
    print(f"pymongo {pymongo.version}")
    for name, (options, steps) in topologies.items():
        with server(*options) as uri, MongoClient(uri, compressors="zlib", **WAIT) as client:
            done = [step(client) for step in steps]
            print(f"{name}: server {client.server_info()['version']}, {', '.join(done)}: ok")
    with server("--replset", "3", "--auth", "ann:secret") as uri:
        print(f"replica set with users: {scram(uri.replace('ann:secret@', ''))}: ok")


if __name__ == "__main__":
    main()
