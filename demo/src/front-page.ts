const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Qwen Spaces, served</title>
<h1>Qwen Spaces, served</h1>
<p>This is a gateway for OpenAI clients: its base URL is this address with <code>/v1</code> behind it.</p>
<ul>
<li><a href="/v1/models">The models</a>
<li><a href="/v1/health">How each of them is doing</a>
<li><a href="/metrics">Counters</a>
<li><a href="/openapi.json">All routes</a>
</ul>
</html>
`;

/** What a person sees who opens the address of the gateway in a browser. */
export function frontPage(request: Request): Response {
  if (new URL(request.url).pathname !== "/") return new Response("There is nothing here.\n", { status: 404 });
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    },
  });
}
