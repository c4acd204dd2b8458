/** The client: what openapi-fetch makes of the types of the demo's OpenAPI document. */
import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type Airport = components["schemas"]["AirportOut"];
export type Booking = components["schemas"]["BookingOut"];
export type Flight = components["schemas"]["FlightOut"];
export type Failure = components["schemas"]["ErrorEnvelope_Any_"];
export type Airline = Client<paths>;

export function connect(baseUrl: string, token?: string): Airline {
  const client = createClient<paths>({ baseUrl });
  if (token !== undefined) {
    client.use({
      onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${token}`);
        return request;
      },
    });
  }
  return client;
}

interface Answer<T> {
  data?: { ok: true; data: T };
  error?: Failure;
  response: Response;
}

/** What is in the envelope of a success. */
export function payload<T>(answer: Answer<T>): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status}: ${answer.error?.error ?? "no body"}`);
  }
  return answer.data.data;
}

/** The error of an answer that is to be one of this status. */
export function failure(answer: Answer<unknown>, status: number): Failure {
  if (answer.error === undefined || answer.response.status !== status) {
    throw new Error(`${answer.response.status} instead of ${status}`);
  }
  return answer.error;
}

export async function logIn(baseUrl: string, username: string, password: string): Promise<Airline> {
  const pair = payload(
    await connect(baseUrl).POST("/api/auth/login", { body: { username, password } }),
  );
  return connect(baseUrl, pair.access_token);
}
