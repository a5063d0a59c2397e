// What a TypeScript program relies on, with the types that are generated into this folder.
import type { components as auth } from "./auth.js";
import type { components, paths } from "./booking.js";

type Announce = paths["/app/v1/announcement/{movie_id}"]["post"];
type Evening = components["schemas"]["AnnouncementDetail"];
type Bookings = paths["/app/v1/bookings"]["get"]["responses"]["200"]["content"]["application/json"];

export const evening: Announce["requestBody"]["content"]["application/json"] = {
  title: "Cinema in the yard",
  tickets_count: 3,
  event_time: "2031-05-01T20:00:00+02:00",
  event_location: "Kreuzbergstrasse 1, Berlin",
  status: "Alive",
};
export const login: auth["schemas"]["LoginRequest"] = { email: "maya@example.com", password: "a long password" };
export const left = (answered: Evening): number => answered.tickets_left;
export const decided = (bookings: Bookings): (boolean | null | undefined)[] => bookings.map((each) => each.author_status);
export const films: Announce["parameters"]["path"] = { movie_id: "23536729-1e1f-4639-a9cf-0883634143ab" };
// @ts-expect-error: an evening has a title.
export const untitled: Announce["requestBody"]["content"]["application/json"] = { tickets_count: 3, event_time: "", event_location: "" };
// @ts-expect-error: nobody may ask for this.
export const cancelled: Announce["requestBody"]["content"]["application/json"]["status"] = "Cancelled";
