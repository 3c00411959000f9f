import { chatInterface } from "./chat-interface.ts";
import { chatWithSystem } from "./chat-with-system.ts";
import { conversation } from "./conversation.ts";
import type { Flavour } from "./flavour.ts";
import { pictureChat } from "./picture-chat.ts";
import type { Space } from "./space.ts";

/** The app that an emulator is: one of the four Spaces, or any `gr.ChatInterface`. */
export type SpaceShape = "chat" | "max" | "1m" | "72b" | "qvq";

/** Builds the app of a shape as the given version of Gradio would serve it. */
export function createSpace(shape: SpaceShape, flavour: Flavour): Space {
  switch (shape) {
    case "max":
      return chatWithSystem("Qwen2.5-Max", flavour);
    case "72b":
      return chatWithSystem("Qwen2-72B", flavour);
    case "qvq":
      return pictureChat();
    case "1m":
      return conversation();
    case "chat":
      return chatInterface(flavour);
  }
}
