// The opening of a WebSocket by hand: https://www.rfc-editor.org/rfc/rfc6455#section-4.1

/** The request for a stream, as text. @param key 16 random bytes in base64 */
export function upgradeRequest(query: string, key: string): string {
  return [
    `GET /v1/events${query === '' ? '' : `?${query}`} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    '\r\n',
  ].join('\r\n');
}
