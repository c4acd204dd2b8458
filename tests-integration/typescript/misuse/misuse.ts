/** What must not compile: each line that names an error of tsc has just that one. */
import { connect, payload } from "../src/airline.js";
import type { components } from "../src/schema.js";

type Order = components["schemas"]["BookingIn"];

const client = connect("http://127.0.0.1");
const path = { booking_id: 1 };

export async function wrongRequests(): Promise<void> {
  const order: Order = { flight_id: 1, passenger: "A", seat: 2 }; // TS2561
  await client.POST("/api/bookings", { body: order });
  await client.POST("/api/bookings", { body: { flight_id: "1", passenger: "A" } }); // TS2322
  await client.POST("/api/bookings", { body: { flight_id: 1 } }); // TS2322
  await client.POST("/api/bookings", { body: { flight_id: 1, passenger: null } }); // TS2322
  await client.POST("/api/bookings", {}); // TS2345
  await client.POST("/api/bookings"); // TS2554
  await client.POST("/api/auth/login", { body: { username: "demo" } }); // TS2322
  await client.PUT("/api/bookings", {}); // TS2345
  await client.GET("/api/booking"); // TS2554
  await client.GET("/api/bookings/{booking_id}", { params: { path: {} } }); // TS2741
  await client.GET("/api/flights", { params: { query: { seats: 2 } } }); // TS2353
  await client.GET("/api/flights", { params: { query: { min_seats: "2" } } }); // TS2322
  const header = { "Idempotency-Key": 7 };
  const params = { path, header };
  await client.POST("/api/bookings/{booking_id}/payments", { params }); // TS2322
}

export async function wrongReading(): Promise<unknown[]> {
  const answer = await client.GET("/api/bookings/{booking_id}", { params: { path } });
  const booking = payload(answer);
  const flights = payload(await client.GET("/api/flights"));
  const airports = payload(await client.GET("/api/airports/nearest", {
    params: { query: { latitude: 47, longitude: 8 } },
  }));
  const rights = [booking.note?.length, answer.data?.data.id, flights.items.length, airports[0]?.airport];
  return [
    ...rights,
    booking.owner, // TS2339
    booking.note.length, // TS18047
    booking.price * 2, // TS2362
    booking.paid_at.startsWith("2"), // TS18047
    answer.reference, // TS2339
    answer.data.data, // TS18048
    answer.data?.id, // TS2339
    answer.error.error, // TS18048
    flights.length, // TS2339
    flights.items[0].id, // TS2532
    flights.next_cursor, // TS2339
    airports.items, // TS2339
    airports[0]?.distance, // TS2339
    answer.error?.details.length, // TS18046
  ];
}
