-- What the pages are measured on, multiplied from what `benchmarks.province` has put into the tables world_*.
--
-- world_code (number, code)                         codes, every one used once
-- world_case_at (county, place, case_id)           filled here: the cases of a county in the order of their reports
-- world_post (role, area, organisation_id, account_id)
-- world_step (kind, category, key, number, role, cut, day_based, after, alarm_every)   the plan of the pack, for one subject
--
-- %(people)s contacts are one a person; the last %(became)s of them fell ill, and as many cases were nobody's contact.

CREATE OR REPLACE FUNCTION world_u(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$SELECT (hashint8extended(n, salt) & 2147483647)::float8 / 2147483648$$;

CREATE OR REPLACE FUNCTION world_area_in_outbreak(area text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$SELECT CASE WHEN substr(area, 3, 2)::int <= 7 THEN 1 ELSE substr(area, 3, 2)::int - 6 END$$;

-- Cases over sixty days, three times as many a day at the end as at the beginning of each twenty.
INSERT INTO cases_case (id, code, outbreak_id, person_id, source_ref, pack, area, organisation_id, classification, classified_by,
    origin, facts, onset_on, sampled_at, diagnosed_at, reported_at, isolated_at, last_negative_at, dates, severity, hospital_id,
    admitted_at, outcome, outcome_on, review, note, created_at, version)
SELECT n, code.code, world_area_in_outbreak(p.area), p.id, CASE WHEN n %% 5 = 0 THEN 'HIS-' || n ELSE '' END, %(pack)s, p.area,
    clinic.organisation_id, held.classification, %(ref)s, (ARRAY['local','local','local','unknown','imported'])[1 + n %% 5],
    '{"pcr_positive": true, "symptomatic": true, "fever": true}', CASE WHEN held.classification = 'asymptomatic' THEN NULL
        ELSE (reported.at - (1 + world_u(n, 3) * 3) * interval '1 day')::date END,
    reported.at - interval '9 hours', reported.at - interval '1 hour', reported.at,
    CASE WHEN reported.at < %(now)s - interval '6 hours' THEN reported.at + interval '3 hours' END, NULL, '{}',
    (ARRAY['mild','mild','mild','moderate','severe',''])[1 + n %% 6], hospital.organisation_id,
    CASE WHEN reported.at < %(now)s - interval '6 hours' THEN reported.at + interval '4 hours' END,
    CASE WHEN reported.at > %(now)s - interval '12 days' THEN '' WHEN world_u(n, 5) < 0.01 THEN 'died' ELSE 'recovered' END,
    CASE WHEN reported.at > %(now)s - interval '12 days' THEN NULL ELSE (reported.at + interval '11 days')::date END,
    CASE WHEN reported.at > %(now)s - interval '2 hours' OR world_u(n, 6) < 0.002 THEN 'reported'
         WHEN reported.at > %(now)s - interval '5 hours' OR world_u(n, 6) < 0.006 THEN 'county'
         WHEN reported.at > %(now)s - interval '9 hours' OR world_u(n, 6) < 0.01 THEN 'city' ELSE 'province' END,
    '', reported.at, 1
FROM generate_series(1, 2 * %(became)s) AS n
JOIN registry_person p ON p.id = %(people)s - %(became)s + n
JOIN world_code code ON code.number = n
CROSS JOIN LATERAL (SELECT date_trunc('second', %(now)s + 20 * ln(1 - world_u(n, 1) * (1 - exp(-3.0))) * interval '1 day'
    - interval '4 minutes') AS at) AS reported
CROSS JOIN LATERAL (SELECT CASE WHEN world_u(n, 2) < 0.80 THEN 'confirmed' WHEN world_u(n, 2) < 0.92 THEN 'asymptomatic'
    WHEN world_u(n, 2) < 0.97 THEN 'suspected' ELSE 'discarded' END AS classification) AS held
JOIN world_post clinic ON clinic.role = 'clinic' AND clinic.area = left(p.area, 6)
JOIN world_post hospital ON hospital.role = 'hospital' AND hospital.area = left(p.area, 6);

INSERT INTO cases_judgement (case_id, classification, basis, at)
SELECT id, CASE WHEN classification = 'discarded' THEN 'suspected' ELSE classification END, classified_by, reported_at FROM cases_case
UNION ALL SELECT id, 'discarded', classified_by, reported_at + interval '1 day' FROM cases_case WHERE classification = 'discarded'
ORDER BY 1, 4;

INSERT INTO cases_review (case_id, level, decision, reason, by_name, by_id, at)
SELECT c.id, level.name, 'approve', '', a.name, a.id, c.reported_at + level.place * interval '70 minutes'
FROM cases_case c
CROSS JOIN (VALUES ('county', 1, 6), ('city', 2, 4), ('province', 3, 2)) AS level (name, place, cut)
JOIN world_post post ON post.role = 'reviewer' AND post.area = left(c.area, level.cut)
JOIN core_account a ON a.id = post.account_id
WHERE level.place <= array_position(ARRAY['county', 'city', 'province'], c.review::text);

INSERT INTO tracing_investigation (case_id, team_id, lead_id, opened_at, closed_at, summary)
SELECT c.id, post.organisation_id, post.account_id, c.reported_at,
    CASE WHEN c.reported_at < %(now)s - interval '2 days' THEN c.reported_at + interval '1 day' END, ''
FROM cases_case c JOIN world_post post ON post.role = 'investigator' AND post.area = left(c.area, 6);

INSERT INTO tracing_activity (case_id, place_id, place_text, place_kind, lon, lat, from_at, to_at, with_whom, masked, source)
SELECT c.id, NULL, stay.place, stay.kind, 121 + world_u(c.id, stay.n), 29 + world_u(c.id, 10 + stay.n),
    c.reported_at - stay.n * interval '9 hours', c.reported_at - stay.n * interval '9 hours' + interval '3 hours', '', NULL, 'interview'
FROM cases_case c CROSS JOIN (VALUES (1, '家中', 'home'), (2, '海鲜市场', 'market'), (3, '公司食堂', 'restaurant')) AS stay (n, place, kind);

INSERT INTO world_case_at (county, place, case_id)
SELECT left(area, 6), row_number() OVER (PARTITION BY left(area, 6) ORDER BY reported_at), id FROM cases_case WHERE classification <> 'discarded';

ANALYZE world_case_at, cases_case;

-- A contact of somebody in the same county; those who fell ill were found two days before they were reported.
INSERT INTO tracing_contact (id, code, outbreak_id, person_id, pack, area, category, classified_by, facts, ring, state, first_exposure_at,
    last_exposure_at, identified_at, person_clear_at, place_clear_at, control_clear_at, held, held_at_place_id, held_by_id, held_at,
    suspected_at, case_id, merged_into_id, ended_at, ended_why, created_at, version)
SELECT n, code.code, world_area_in_outbreak(p.area), p.id, %(pack)s, p.area, kind.category, %(ref)s, '{"household": false, "protected": false}',
    CASE WHEN kind.category = 'contact2' THEN 2 ELSE 1 END, what.state, found.at - interval '2 days', found.at - interval '1 day', found.at,
    CASE WHEN world_u(n, 11) < 0.97 THEN found.at + interval '1 hour' END, CASE WHEN world_u(n, 12) < 0.95 THEN found.at + interval '2 hours' END,
    CASE WHEN world_u(n, 13) < 0.92 THEN found.at + interval '3 hours' END,
    CASE WHEN world_u(n, 13) >= 0.92 THEN '' WHEN kind.category = 'contact' THEN 'site' ELSE 'home' END, NULL,
    CASE WHEN world_u(n, 13) < 0.92 AND kind.category = 'contact' THEN site.organisation_id END,
    CASE WHEN world_u(n, 13) < 0.92 THEN found.at + interval '3 hours' END,
    CASE WHEN what.state = 'watched' AND world_u(n, 14) < 0.002 THEN %(now)s - interval '3 hours' END,
    own.id, NULL, CASE WHEN what.state <> 'watched' THEN least(%(now)s, found.at + kind.days * interval '1 day') END, '', found.at, 1
FROM generate_series(1, %(people)s) AS n
JOIN registry_person p ON p.id = n
JOIN world_code code ON code.number = 2 * %(became)s + n
LEFT JOIN cases_case own ON own.id = n - (%(people)s - %(became)s)
CROSS JOIN LATERAL (SELECT CASE WHEN world_u(n, 7) < 0.30 OR own.id IS NOT NULL THEN 'contact' WHEN world_u(n, 7) < 0.60 THEN 'contact2' ELSE 'exposed' END AS category,
    CASE WHEN world_u(n, 7) < 0.30 THEN 11 WHEN world_u(n, 7) < 0.60 THEN 8 ELSE 3 END AS days) AS kind
JOIN (SELECT county, max(place) AS size FROM world_case_at GROUP BY county) counted ON counted.county = left(p.area, 6)
JOIN world_case_at source ON source.county = counted.county AND source.place = (1 + floor(world_u(n, 8) * counted.size))::bigint
JOIN cases_case of_case ON of_case.id = source.case_id
CROSS JOIN LATERAL (SELECT least(%(now)s - interval '5 minutes', coalesce(own.reported_at - interval '2 days', of_case.reported_at + world_u(n, 9) * interval '1 day')) AS at) AS found
CROSS JOIN LATERAL (SELECT CASE WHEN own.id IS NOT NULL THEN 'case' WHEN found.at + kind.days * interval '1 day' > %(now)s THEN 'watched'
    WHEN world_u(n, 10) < 0.985 THEN 'released' WHEN world_u(n, 10) < 0.99 THEN 'lost' ELSE 'watched' END AS state) AS what
JOIN world_post site ON site.role = 'site_nurse' AND site.area = left(p.area, 6);

-- Each case that had been a contact was infected by one reported before it, at about three quarters of the way.
CREATE TABLE world_infector AS
WITH ranked AS (
    SELECT id, outbreak_id, row_number() OVER (PARTITION BY outbreak_id ORDER BY reported_at) AS place FROM cases_case WHERE classification <> 'discarded')
SELECT a.id AS case_id, b.id AS infector_id
FROM ranked a JOIN ranked b ON b.outbreak_id = a.outbreak_id AND b.place = greatest(1, floor(a.place * (0.7 + 0.25 * world_u(a.id, 15)))::bigint)
WHERE a.id <= %(became)s AND b.id <> a.id;

INSERT INTO tracing_exposure (outbreak_id, case_id, contact_of_id, person_id, contact_id, infected_id, infected_how, infected_why, setting, place_id,
    place_text, from_at, to_at, minutes, facts, category, classified_by, relation, source, created_at)
SELECT c.outbreak_id, CASE WHEN ring2.contact_id IS NULL THEN coalesce(chain.infector_id, source.case_id) END, ring2.contact_id, c.person_id, c.id,
    CASE WHEN chain.infector_id IS NOT NULL THEN c.case_id END, CASE WHEN chain.infector_id IS NOT NULL THEN 'rule' ELSE '' END, '',
    (ARRAY['home','restaurant','workplace','transport','market'])[1 + c.id %% 5], NULL, '', c.first_exposure_at, c.last_exposure_at, 60,
    '{"household": false, "protected": false, "in_window": true}', c.category, c.classified_by, '', 'interview', c.identified_at
FROM tracing_contact c
JOIN (SELECT county, max(place) AS size FROM world_case_at GROUP BY county) counted ON counted.county = left(c.area, 6)
JOIN world_case_at source ON source.county = counted.county AND source.place = (1 + floor(world_u(c.id, 8) * counted.size))::bigint
LEFT JOIN world_infector chain ON chain.case_id = c.case_id
LEFT JOIN LATERAL (SELECT c.id - 1 AS contact_id WHERE c.category = 'contact2' AND c.id > 1) AS ring2 ON true;

-- A duty for every rule that names the subject, and its steps as the pack plans them.
INSERT INTO duties_duty (kind, pack, subject_kind, subject_id, area, anchors, state, outcome, reason, opened_at, closed_at)
SELECT rule.kind, %(ref)s, 'contact', c.id, c.area, jsonb_build_object('identified_at', c.identified_at, 'last_exposure_at', c.last_exposure_at,
        'first_exposure_at', c.first_exposure_at),
    CASE WHEN c.state = 'watched' THEN 'open' ELSE 'closed' END,
    CASE c.state WHEN 'watched' THEN '' WHEN 'case' THEN 'became_case' WHEN 'lost' THEN 'lost' ELSE 'released' END, '', c.identified_at, c.ended_at
FROM tracing_contact c JOIN (SELECT DISTINCT kind, category FROM world_step WHERE category <> 'case') rule ON rule.category = c.category
UNION ALL
SELECT rule.kind, %(ref)s, 'case', c.id, c.area, jsonb_build_object('reported_at', c.reported_at, 'diagnosed_at', c.diagnosed_at, 'identified_at', c.diagnosed_at),
    CASE WHEN c.classification = 'discarded' OR c.reported_at < %(now)s - interval '2 days' AND (c.review = 'province' OR rule.kind <> 'case.review') THEN 'closed' ELSE 'open' END,
    CASE WHEN c.classification = 'discarded' THEN 'excluded' WHEN c.reported_at < %(now)s - interval '2 days' AND (c.review = 'province' OR rule.kind <> 'case.review') THEN 'completed' ELSE '' END,
    '', c.reported_at, CASE WHEN c.classification = 'discarded' OR c.reported_at < %(now)s - interval '2 days' THEN c.reported_at + interval '1 day' END
FROM cases_case c JOIN (SELECT DISTINCT kind FROM world_step WHERE category = 'case') rule ON true;

INSERT INTO duties_step (duty_id, kind, area, key, attempt, number, role, post_area, organisation_id, account_id, state, due_at, alarm_at, alarm_every,
    escalated_to, done_at, done_by_id, evidence, reason)
SELECT d.id, d.kind, d.area, s.key, 1, s.number, s.role, left(d.area, s.cut), post.organisation_id, post.account_id, said.state, due.at,
    CASE WHEN said.state = 'open' THEN CASE WHEN due.at <= %(now)s THEN %(now)s + world_u(d.id, s.number) * interval '2 hours' ELSE due.at END END, s.alarm_every,
    CASE WHEN said.state = 'open' AND due.at <= %(now)s THEN left(d.area, CASE WHEN s.cut > 6 THEN 6 ELSE s.cut END) ELSE '' END,
    CASE said.state WHEN 'done' THEN least(%(now)s, due.at + (world_u(d.id, 20 + s.number) * 10 - 9.5) * interval '1 hour') WHEN 'waived' THEN due.at - interval '1 hour'
        WHEN 'void' THEN d.closed_at END,
    CASE WHEN said.state IN ('done', 'waived') THEN post.account_id END,
    CASE WHEN said.state = 'done' AND s.key LIKE 'visit%%' THEN '{"temperature": 36.5, "symptoms": "none"}'::jsonb WHEN said.state = 'done' AND s.key LIKE 'test%%'
        THEN '{"sampled_at": "done", "result": "negative"}'::jsonb WHEN said.state = 'done' THEN '{}'::jsonb END, ''
FROM duties_duty d
LEFT JOIN tracing_contact c ON d.subject_kind = 'contact' AND c.id = d.subject_id
LEFT JOIN cases_case k ON d.subject_kind = 'case' AND k.id = d.subject_id
JOIN world_step s ON s.kind = d.kind AND s.category = CASE WHEN d.subject_kind = 'case' THEN 'case' ELSE c.category END
JOIN world_post post ON post.role = s.role AND post.area = left(d.area, s.cut)
CROSS JOIN LATERAL (SELECT CASE WHEN d.kind = 'case.review' AND s.number > 1 + coalesce(array_position(ARRAY['county', 'city', 'province'], k.review::text), 0) THEN NULL
    WHEN s.day_based THEN (date_trunc('day', d.opened_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai') + s.after ELSE d.opened_at + s.after END AS at) AS due
CROSS JOIN LATERAL (SELECT CASE
    WHEN d.kind = 'case.review' THEN CASE WHEN s.number <= coalesce(array_position(ARRAY['county', 'city', 'province'], k.review::text), 0) THEN 'done'
        WHEN d.state = 'closed' THEN 'void' ELSE 'open' END
    WHEN due.at > %(now)s THEN CASE WHEN d.state = 'open' THEN 'open' ELSE 'void' END
    WHEN due.at > d.closed_at + interval '1 day' THEN 'void'
    WHEN world_u(d.id, 40 + s.number) < 0.96 THEN 'done' WHEN world_u(d.id, 40 + s.number) < 0.98 THEN 'waived'
    WHEN d.state = 'closed' THEN 'missed' ELSE 'open' END AS state) AS said;

INSERT INTO duties_coveragecell (county, kind, hour, due, in_time, late, waived)
SELECT left(area, 6), kind, date_trunc('hour', due_at), count(*), count(*) FILTER (WHERE state = 'done' AND done_at <= due_at),
    count(*) FILTER (WHERE state = 'done' AND done_at > due_at), count(*) FILTER (WHERE state = 'waived')
FROM duties_step WHERE due_at IS NOT NULL AND state <> 'void' GROUP BY 1, 2, 3;

-- Lines of the journal for every page that shows some. Their hashes are no chain: nobody verifies this journal.
INSERT INTO core_entry (seq, at, actor_id, actor, channel, action, subject_kind, subject_id, area, purpose, basis, data, hash)
SELECT %(seq)s + row_number() OVER (ORDER BY at, kind, id), at, actor_id, actor, 'web', action, kind, id, area, '', %(ref)s, data, md5(id::text) || md5(action)
FROM (
    SELECT reported_at AS at, NULL::bigint AS actor_id, 'system' AS actor, 'case.reported' AS action, 'case' AS kind, id, area, '{}' AS data FROM cases_case
    UNION ALL SELECT r.at, r.by_id, r.by_name, 'case.reviewed', 'case', c.id, c.area, '{"reason": ""}' FROM cases_review r JOIN cases_case c ON c.id = r.case_id
    UNION ALL SELECT identified_at, NULL, 'system', 'contact.identified', 'contact', id, area, '{"category": "' || category || '"}' FROM tracing_contact
    UNION ALL SELECT opened_at, NULL, 'system', 'duty.opened', 'duty', id, area, '{"kind": "' || kind || '"}' FROM duties_duty
) AS told;
