// Chat requests that llama.cpp answers with 500 although the request is wrong (docs/deploy.md):
// 400 with a reason, before an engine sees them. What is no JSON at all the engine refuses itself.
// For nginx's own JavaScript (njs); deploy/proxy.py loads it where the module is installed.

const TEXT_ONLY = 'text only: this server takes no images, sound or files';

function part(value, where) {
  if (value === null || typeof value !== 'object') return `${where} must be an object`;
  if (/image|audio|video|file/.test(String(value.type))) return `${where}: ${TEXT_ONLY}`;
  if (typeof value.text !== 'string') return `${where}.text must be a string`;
  return '';
}

function message(value, where) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return `${where} must be an object`;
  }
  if (typeof value.role !== 'string') return `${where}.role must be a string`;
  const content = value.content;
  if (content === undefined || content === null || typeof content === 'string') return '';
  if (!Array.isArray(content)) return `${where}.content must be a string or a list of parts`;
  return first(content, part, `${where}.content`);
}

function tool(value, where) {
  const named = value && value.type === 'function' && value.function;
  return named && typeof named.name === 'string' ? '' : `${where} must be {"type": "function", ` +
    '"function": {"name": ...}}';
}

function first(values, check, where) {
  for (let at = 0; at < values.length; at++) {
    const wrong = check(values[at], `${where}[${at}]`);
    if (wrong) return wrong;
  }
  return '';
}

function wrong(body) {
  if (body === null || typeof body !== 'object') return '';
  if (Array.isArray(body.messages)) {
    const found = first(body.messages, message, 'messages');
    if (found) return found;
  }
  if (body.tools === undefined || body.tools === null) return '';
  return Array.isArray(body.tools) ? first(body.tools, tool, 'tools') : 'tools must be a list';
}

function chat(request) {
  let reason = '';
  try {
    reason = wrong(JSON.parse(request.requestText));
  } catch (error) {
    reason = '';
  }
  if (!reason) return request.internalRedirect('@engines');
  request.headersOut['Content-Type'] = 'application/json; charset=utf-8';
  request.return(
    400, JSON.stringify({error: {code: 400, message: reason, type: 'invalid_request_error'}})
  );
}

export default {chat};
