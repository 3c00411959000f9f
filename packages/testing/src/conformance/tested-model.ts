/** What is asked of a model in a check: the part of the options of a V4 call that all models read. */
export interface TestedCall {
  prompt: { role: "user"; content: { type: "text"; text: string }[] }[];
  tools?: { type: "function"; name: string; description: string; inputSchema: { type: "object" } }[];
  abortSignal?: AbortSignal;
  topK?: number;
  seed?: number;
  presencePenalty?: number;
}

/** A `LanguageModelV4` of the AI SDK, by its shape: nothing of that SDK is loaded, and none of its types are needed. */
export interface TestedModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: unknown;
  doGenerate(options: TestedCall): PromiseLike<object>;
  doStream(options: TestedCall): PromiseLike<{ readonly stream: ReadableStream<object> }>;
}

/** A part of a stream, or a piece of content, as it came: any field may be anything. */
export interface SaidPart {
  readonly type: string;
  readonly [field: string]: unknown;
}
