/** What happened and was not dealt with yet, in order, for one reader at a time. */
export interface Inbox<Event> {
  post(event: Event): void;
  /** The oldest event, as soon as there is one. */
  take(): Promise<Event>;
}

/** Makes an empty inbox. */
export function createInbox<Event>(): Inbox<Event> {
  let events: Event[] = [];
  // Not shift(): on a long array that copies the rest each time.
  let head = 0;
  let wake: (() => void) | undefined;

  return {
    post(event) {
      events.push(event);
      wake?.();
    },
    async take() {
      while (head === events.length) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const event = events[head++] as Event;
      if (head === events.length) {
        events = [];
        head = 0;
      }
      return event;
    },
  };
}
