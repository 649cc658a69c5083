/** Text that is HTML already. Everything else is escaped on its way into a template. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template of HTML whose parts are escaped, for text and for attributes in double quotes. */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = template[0] ?? '';
  for (const [index, part] of parts.entries()) text += `${textOf(part)}${template[index + 1] ?? ''}`;
  return { html: text };
}

export const nothing: Html = { html: '' };

function textOf(part: Part): string {
  if (typeof part === 'object' && 'html' in part) return part.html;
  if (typeof part === 'object') return part.map(({ html: text }) => text).join('');
  return String(part).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
