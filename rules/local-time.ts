/**
 * A moment as a calendar in the county shows it. `day`: whole days since 1970-01-01 there; `weekday`: 1 (Monday) to 7; `month`: 1 to
 * 12; `minuteOfDay`: 0 to 1439.
 */
export type LocalTime = { day: number; minuteOfDay: number; weekday: number; month: number };
