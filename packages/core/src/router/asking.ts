// What a router loads with its first request: an import need not know how anybody is asked. See `loaded-later.ts`.
export { Race } from "./race.ts";
export { raceOf } from "./router-race.ts";
