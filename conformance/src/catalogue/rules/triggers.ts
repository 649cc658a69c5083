import { refusedStatementsOf, schemaName, tableNames } from '@karmanflow/schema';
import { migrations } from '@karmanflow/schema/migrations';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, supposing } from '../catalogue-check.ts';

const refusalTriggers = catalogueCheck({
  id: 'append-only.triggers-always-on',
  claim:
    'Each table refuses by trigger what must never happen to its rows, whoever asks, also in replica mode; no other trigger exists.',
  mechanism: 'pg_trigger against refusedStatementsOf(): BEFORE, for each statement, unconditional, ENABLE ALWAYS',
  judge(live, evidence) {
    const events = (list: readonly string[]): string =>
      ['UPDATE', 'DELETE', 'TRUNCATE', 'INSERT'].filter((event) => list.includes(event)).join(' or ');
    compareSets(evidence, 'trigger', {
      declared: tableNames
        .filter((name) => refusedStatementsOf(name).length > 0)
        .map(
          (name) =>
            `refuse_change on ${name} before ${events(refusedStatementsOf(name))} runs refuse_change, enabled A`,
        ),
      live: live.triggers
        .filter(({ internal }) => !internal)
        .map((trigger) => {
          const when = `${trigger.before ? 'before' : 'after'} ${events(trigger.events)}`;
          const special = `${trigger.for_each_row ? ' for each row' : ''}${trigger.conditional ? ' on condition' : ''}`;
          const runs = trigger.function.replace(`${schemaName}.`, '');
          return `${trigger.name} on ${trigger.table} ${when}${special} runs ${runs}, enabled ${trigger.enabled}`;
        }),
    });
  },
  saboteurs: [
    supposing(
      { name: 'a trigger is disabled', mentions: 'enabled D' },
      'ALTER TABLE kf.domain_events DISABLE TRIGGER refuse_change',
    ),
    supposing(
      { name: 'positions may be changed', mentions: 'missing: refuse_change on log_leaves' },
      'DROP TRIGGER refuse_change ON kf.log_leaves',
    ),
    supposing(
      { name: 'a trigger is not always on', mentions: 'enabled O' },
      'ALTER TABLE kf.domain_events ENABLE TRIGGER refuse_change',
    ),
    supposing(
      { name: 'a trigger is dropped', mentions: 'missing: refuse_change on domain_events' },
      'DROP TRIGGER refuse_change ON kf.domain_events',
    ),
    supposing(
      { name: 'a trigger refuses less', mentions: 'refuse_change on domain_events before DELETE runs' },
      'DROP TRIGGER refuse_change ON kf.domain_events',
      'CREATE TRIGGER refuse_change BEFORE DELETE ON kf.domain_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change()',
      'ALTER TABLE kf.domain_events ENABLE ALWAYS TRIGGER refuse_change',
    ),
    supposing(
      { name: 'a trigger refuses on a condition', mentions: 'on condition' },
      'DROP TRIGGER refuse_change ON kf.domain_events',
      'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON kf.domain_events FOR EACH STATEMENT WHEN (pg_trigger_depth() > 0) EXECUTE FUNCTION kf.refuse_change()',
      'ALTER TABLE kf.domain_events ENABLE ALWAYS TRIGGER refuse_change',
    ),
    supposing(
      { name: 'another trigger watches inserts', mentions: 'undeclared: watch on variants' },
      'CREATE TRIGGER watch AFTER INSERT ON kf.variants FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change()',
    ),
  ],
});

/** The body of the function as the newest migration that makes it says. */
function reviewedSource(name: string): string | undefined {
  const pattern = new RegExp(`FUNCTION ${schemaName}\\.${name}\\(\\)[^$]*\\$\\$([\\s\\S]*?)\\$\\$`, 'u');
  return migrations.flatMap(({ sql }) => pattern.exec(sql)?.[1] ?? []).at(-1);
}

const refusingFunction = catalogueCheck({
  id: 'append-only.function-refuses',
  claim: 'The function behind the triggers is, to the letter, the one that was reviewed: it always raises.',
  mechanism: 'pg_proc.prosrc against the text of the migrations',
  judge(live, evidence) {
    const refusing = live.routines.filter(({ source, in_system }) => !in_system && source !== '');
    evidence.see('functions', refusing.length);
    const reviewed = reviewedSource('refuse_change');
    if (reviewed === undefined) evidence.violation('no migration makes refuse_change');
    for (const { name, source } of refusing) {
      if (name.startsWith('refuse_change') && source !== reviewed) evidence.violation(`${name} has another body`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'the function lets things pass', mentions: 'refuse_change() has another body' },
      'CREATE OR REPLACE FUNCTION kf.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    ),
  ],
});

export const triggerRules: readonly Check[] = [refusalTriggers, refusingFunction];
