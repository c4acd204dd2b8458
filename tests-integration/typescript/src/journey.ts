/** A journey with the demo, on the types of its document: nothing here is `any`, nothing is cast. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";

import { type Airline, type Airport, type Flight, connect, failure, logIn, payload } from "./airline.js";

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set.`);
  }
  return value;
}

const baseUrl = variable("AIRLINE_URL");
const password = variable("AIRLINE_PASSWORD");

async function airportsOf(client: Airline, country: string): Promise<Airport[]> {
  const found: Airport[] = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const data = payload(
      await client.GET("/api/airports", { params: { query: { country, page, size: 25 } } }),
    );
    assert.equal(data.page, page);
    assert.ok(data.pages !== null && data.total !== null, "airports are counted");
    pages = data.pages;
    found.push(...data.items);
    if (page === pages) {
      assert.equal(found.length, data.total);
    }
  }
  return found;
}

async function highestAirports(client: Airline, count: number): Promise<Airport[]> {
  const found: Airport[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Airport[]; next_cursor: string | null; has_next: boolean } = payload(
      await client.GET("/api/airports/feed", { params: { query: { cursor, size: 10 } } }),
    );
    assert.equal(page.has_next, page.next_cursor !== null);
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && found.length < count);
  return found;
}

async function flightWithSeats(client: Airline, seats: number): Promise<Flight> {
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const query = { min_seats: seats, page, size: 100 };
    const data = payload(await client.GET("/api/flights", { params: { query } }));
    pages = data.pages ?? 1;
    const found = data.items.find((flight) => flight.departed_at === null);
    if (found !== undefined) {
      return found;
    }
  }
  throw new Error("No flight has a seat left.");
}

/** What the payment provider does: it is no client of the document. */
async function confirm(intent: string): Promise<void> {
  const event = { id: `evt_${intent}`, type: "payment_intent.succeeded", data: { object: { id: intent } } };
  const body = JSON.stringify(event);
  const time = Math.floor(Date.now() / 1000);
  const mac = createHmac("sha256", variable("AIRLINE_STRIPE_SECRET")).update(`${time}.${body}`);
  const headers = { "Stripe-Signature": `t=${time},v1=${mac.digest("hex")}` };
  const answer = await fetch(`${baseUrl}/api/webhooks/stripe`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
}

const nobody = connect(baseUrl);
const passenger = await logIn(baseUrl, "demo", password);
const crew = await logIn(baseUrl, "crew", password);

const swiss = await airportsOf(nobody, "CH");
assert.ok(swiss.length > 50);
assert.ok(swiss.every((airport) => airport.country.code === "CH"));
assert.ok(swiss.some((airport) => airport.iata === "ZRH" && airport.timezone === "Europe/Zurich"));
const high = await highestAirports(nobody, 30);
assert.deepEqual(
  high.map((airport) => airport.elevation_ft),
  high.map((airport) => airport.elevation_ft).sort((a, b) => b - a),
);
const near = payload(
  await nobody.GET("/api/airports/nearest", {
    params: { query: { latitude: 47.46, longitude: 8.55, limit: 1 } },
  }),
);
assert.equal(near[0]?.airport.icao, "LSZH");
const csv = await nobody.GET("/api/airports/export.csv", {
  params: { query: { country: "LI" } },
  parseAs: "text",
});
assert.ok(csv.data?.startsWith("icao,iata,name"));

const flight = await flightWithSeats(nobody, 2);
const order = { flight_id: flight.id, passenger: "Ada Lovelace", seats: 2 };
assert.equal(failure(await nobody.POST("/api/bookings", { body: order }), 401).ok, false);
const booking = payload(await passenger.POST("/api/bookings", { body: order }));
assert.equal(booking.flight.origin.icao, flight.origin.icao);
assert.equal(Number(booking.price).toFixed(2), (2 * Number(flight.price)).toFixed(2));
assert.equal(booking.paid_at, null);
const mine = payload(await passenger.GET("/api/bookings", { params: { query: { size: 1 } } }));
assert.deepEqual(mine.items, [booking]);

const path = { booking_id: booking.id };
const header = { "Idempotency-Key": randomUUID() };
const pay = () =>
  passenger.POST("/api/bookings/{booking_id}/payments", { params: { path, header } });
const [first, again] = [await pay(), await pay()];
const payment = payload(first);
assert.deepEqual(payload(again), payment);
assert.equal(first.response.headers.get("X-Idempotency-Replay"), null);
assert.equal(again.response.headers.get("X-Idempotency-Replay"), "true");
assert.equal(payment.amount, booking.price);
assert.equal(payment.succeeded_at, null);

const refund = (client: Airline) =>
  client.POST("/api/bookings/{booking_id}/refund", { params: { path } });
assert.equal(failure(await refund(crew), 409).code, 409);
await confirm(payment.intent);
const refused = failure(await refund(passenger), 403);
assert.equal(refused.error, "Permission denied.");
assert.ok(refused.trace_id !== undefined && refused.trace_id.length === 32);
const refunded = payload(await refund(crew));
assert.ok(refunded.paid_at !== null && refunded.refunded_at !== null);
assert.ok(Date.parse(refunded.paid_at) <= Date.parse(refunded.refunded_at));
const seen = payload(await passenger.GET("/api/bookings/{booking_id}", { params: { path } }));
assert.deepEqual(seen, refunded);
assert.equal(failure(await refund(crew), 409).ok, false);

const invalid = failure(
  await passenger.POST("/api/bookings", { body: { ...order, seats: 10 } }),
  422,
);
assert.equal(invalid.error, "Validation failed.");

console.log(
  JSON.stringify({ airports: swiss.length, booking: booking.reference, refunded: refunded.refunded_at }),
);
