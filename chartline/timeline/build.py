"""Rows of the mapping to the frames of gold, in Spark SQL: what one resource cannot tell alone.

Every frame is a function of one patient's rows and of the medications, so that patients can be built again one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chartline.lake import spark as lake
from chartline.risk import cells

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

OLDEST = 90.0
GRACE_DAYS = 30
"""Later than so many days after a death an event is flagged: certificates and bills follow a death, care does not."""
_SPAN = (
    "CASE WHEN time IS NULL OR position * 86400000000D <> unix_micros(time) THEN 0 "
    "WHEN time_precision = 'year' THEN 366 WHEN time_precision = 'month' THEN 31 ELSE 0 END"
)
"""Days by which an event may be later than the first day of its year or month, where that is all that is known."""
_EAST = "14D / 24"
"""Days by which a date without a time may begin before midnight UTC: the zone farthest east is UTC+14."""
_OVER = "code RLIKE '//(ABATED|ENDED|CANCELLED)$'"
"""What tells how something ended, which is not bound to the visit that it began in."""
_BEFORE = "source_type IN ('Condition', 'AllergyIntolerance', 'MedicationStatement')"
"""What may have begun long before the visit in which it was written down."""
_OWN_FIRST = "struct(NOT own, source_id)"
"""The order of a person's Patient records: the survivor's first, else that of the smallest id."""
_CHAIN = 16  # partOf is followed so far
_WHO = f"coalesce(subject_id, {lake.NOBODY}) AS subject_id"
_CARE = ", ".join(
    f"'{name}'"
    for name in (
        *("Encounter", "Condition", "Procedure", "Immunization", "Observation", "DiagnosticReport", "ImagingStudy"),
        *("MedicationRequest", "MedicationAdministration", "MedicationDispense", "MedicationStatement"),
    )
)
"""What tells of care itself, not of bills, plans, relatives or risks."""
_FORMATS = ("text/plain", "text/html", "application/xhtml+xml", "text/rtf", "application/rtf", "application/pdf")
"""Formats of a text, the plainest first; of any other less is told of its lines."""
_COURSE = "kind IN ('event', 'noted')"
"""Events of a patient's course, the facts of the person aside."""
_UNKNOWN = "unplaced OR (billing AND encounter_id IS NOT NULL AND v_over IS NULL AND v_at IS NULL)"
"""Of which nobody can say when it was known: of one of its times only the year is told, or the visit's end is not."""
_NEVER = "double('infinity')"
"""When what nobody can say when it was known is taken to be known, beside other records."""
_HAPPENED = "coalesce(status, '') NOT IN ('planned', 'cancelled', 'entered-in-error')"
"""A visit that something may have been part of."""
_OWN_VISIT = (
    "IF(encounter_id IS NULL OR own_visit, encounter_id, left(sha2(concat_ws('|', subject_id, encounter_id), 256), 32))"
)
"""A visit that is not here, or is another patient's, has a name that is this patient's alone: it ties no two."""
_PARENTS = (
    "CASE WHEN m_code IS NULL THEN parents WHEN prefix IS NULL THEN m_parents"
    " ELSE concat(array(m_code), coalesce(m_parents, array())) END"
)
_UNDATED = "undated = 'encounter_end' AND v_over IS NOT NULL"
"""What has no date of its own and names a visit that ended."""


_EXACT = "IF(ceil(v_at) - v_at BETWEEN 1e-12 AND 2e-9, 'day', 'second')"
"""How exact the end of a visit is: the end of a day without a time is just before the next."""


def _stamp(column: str) -> Any:
    from pyspark.sql import functions as f

    return f.timestamp_micros(f.col(column))


def _sent(frame: DataFrame, few: bool) -> DataFrame:
    from pyspark.sql import functions as f

    return f.broadcast(frame) if few else frame


def encounters(staged: DataFrame) -> DataFrame:
    """One row a visit: its stay (the top of its partOf chain) and when it was over.

    ``over`` and ``position_over`` are the end; for a reversed period the later of its two times; without an end that of
    the stay. A chain that leads back to itself ends at the visit and is flagged ``reference_cycle``.
    """
    from pyspark.sql import functions as f

    fact = f.col("facts")
    visits = staged.where("kind = 'visit'").select(
        f.col("source_id").alias("encounter_id"),
        "subject_id",
        _stamp("time").alias("start_time"),
        _stamp("end_time").alias("end_time"),
        *(fact[name].alias(name) for name in ("class", "type", "status", "part_of", "discharge")),
        fact["episode"].alias("episode_id"),
        "position",
        fact["position_end"].cast("double").alias("position_end"),
    )
    visits = (
        visits.withColumn("late", f.expr("IF(end_time IS NULL, NULL, greatest(start_time, end_time))"))
        .withColumn("late_at", f.expr("IF(position_end IS NULL, NULL, greatest(position, position_end))"))
        .withColumn("reversed", f.expr("coalesce(position_end < position, end_time < start_time, false)"))
    )
    chained = visits.where("part_of IS NOT NULL").select("subject_id").distinct()
    chains = (
        visits.join(chained, "subject_id", "left_semi")
        .groupBy("subject_id")
        .agg(
            f.map_from_entries(
                f.collect_list(f.expr("IF(part_of IS NULL, NULL, struct(encounter_id, part_of))"))
            ).alias("up"),
            f.map_from_entries(f.collect_list(f.struct("encounter_id", f.struct("late", "late_at")))).alias("ends"),
        )
    )
    top = f"aggregate(sequence(1, {_CHAIN}), encounter_id, (at, i) -> coalesce(try_element_at(up, at), at))"
    cycle = "up IS NOT NULL AND try_element_at(up, stay) IS NOT NULL"
    return (
        visits.join(chains, "subject_id", "left")
        .withColumn("stay", f.expr(f"IF(up IS NULL, encounter_id, {top})"))
        .withColumn("cycle", f.expr(cycle))
        .withColumn("stay_id", f.expr("IF(cycle, encounter_id, stay)"))
        .withColumn("over", f.coalesce("late", f.expr("try_element_at(ends, stay_id).late")))
        .withColumn("position_over", f.coalesce("late_at", f.expr("try_element_at(ends, stay_id).late_at")))
        .withColumn("end_time", f.expr("IF(reversed, NULL, end_time)"))
        .withColumn(
            "flags",
            f.expr(
                "nullif(concat_ws(' ', IF(reversed, 'reversed_period', NULL), IF(cycle, 'reference_cycle', NULL)), '')"
            ),
        )
        .withColumn("bucket", f.expr(lake.BUCKET))
        .drop("up", "ends", "stay", "cycle", "late", "late_at", "reversed")
    )


def medications(staged: DataFrame) -> DataFrame:
    """Code, display and other codings of each medication (``m_code``, ``m_display``, ``m_parents``).

    A mixture's are those of its first active ingredient, or of its first where it tells of none that it is active.
    """
    from pyspark.sql import functions as f

    named = staged.where("kind = 'medication'")
    inner = named.select(
        f.col("source_id").alias("medication_id"),
        f.col("code").alias("i_code"),
        f.col("display").alias("i_display"),
        f.col("parents").alias("i_parents"),
    )
    return named.join(inner, "medication_id", "left").select(
        f.col("source_id").alias("medication_id"),
        f.coalesce("code", "i_code").alias("m_code"),
        f.coalesce("display", "i_display").alias("m_display"),
        f.expr("IF(code IS NULL, i_parents, parents)").alias("m_parents"),
    )


def told_again(staged: DataFrame) -> DataFrame:
    """Facts that several Patient records of one person tell, with ``spare`` and ``conflicting``.

    After a merge a person has several Patient records; of each fact (birth, death, gender, race, ethnicity) the
    survivor's is kept, else that of the smallest id, and the others are spare. Records that give different births,
    deaths or genders conflict.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    told = staged.where("kind = 'fact'")
    fact = Window.partitionBy("subject_id", f.split_part("code", f.lit("//"), f.lit(1)))
    says = f.expr("concat_ws(' ', code, CAST(time AS STRING), CAST(position AS STRING))")
    differ = f.min(says).over(fact) != f.max(says).over(fact)
    several = f.expr("code IN ('MEDS_BIRTH', 'MEDS_DEATH') OR startswith(code, 'GENDER//')") & differ
    ranked = told.withColumn("conflicting", several).withColumn(
        # One record may tell several races: all facts of the record that is kept have its rank.
        "rank",
        f.dense_rank().over(fact.orderBy(f.desc("own"), "source_id")),
    )
    kept = ranked.where("rank = 1").select("source_id").distinct().withColumn("kept", f.lit(True))
    return (
        ranked.where("rank > 1 OR conflicting")
        .join(kept, "source_id", "left")
        .selectExpr(
            "event_id",
            "source_id",
            "subject_id",
            "source",
            "first",
            "rank > 1 AS spare",
            "kept IS NULL AS alone",
            "conflicting",
        )
    )


def lines(staged: DataFrame, medicines: DataFrame, few: bool = True) -> DataFrame:
    """The lines of claims as events, or as rows of kind ``repeated`` where another record of the patient says the same.

    What says the same is a visit's type, and what was had, done or given under one of the line's codings; not what a
    last part of the code says was not done, or only that it ended. It was known no later than the line: what comes to
    be known does not take away what was.
    """
    from pyspark.sql import functions as f

    key, line = ["subject_id", "bare"], ["subject_id", "event_id"]
    known = f"coalesce(IF(unplaced, NULL, greatest(position, available_at)), {_NEVER}) AS known"
    billed = staged.where("kind = 'line'").drop("kind")
    coded = billed.select(*line, f.expr(known), f.explode("parents").alias("bare"))
    named = "array(code, m_code, IF(source_type = 'Encounter', text_value, NULL))"
    said = (
        staged.where(f"{_COURSE} AND source_type IN ({_CARE}) AND coalesce(suffix, '') = ''")
        .join(f.broadcast(medicines), "medication_id", "left")
        .selectExpr("subject_id", f"explode(array_compact(concat({named}, coalesce(parents, array())))) AS bare", known)
        .join(_sent(coded.select(*key).distinct(), few), key, "left_semi")
        .groupBy(*key)
        .agg(f.min("known").alias("since"))
    )
    repeated = coded.join(_sent(said, few), key).where("since <= known").select(*line).distinct()
    told = billed.join(_sent(repeated.withColumn("said", f.lit(True)), few), line, "left")
    return told.withColumn("kind", f.expr("IF(said, 'repeated', 'event')")).select(*staged.columns)


def _devices(staged: DataFrame) -> DataFrame:
    """A patient's devices, which give their code to the statements of their use as medications do to orders."""
    used = staged.where(f"{_COURSE} AND source_type = 'DeviceUseStatement'").select("medication_id").distinct()
    own = staged.where(f"{_COURSE} AND source_type = 'Device'")
    named = own.selectExpr(
        "source_id AS medication_id", "code AS m_code", "display AS m_display", "parents AS m_parents"
    )
    return named.join(used, "medication_id", "left_semi")


def hung(staged: DataFrame, visits: DataFrame, few: bool = True) -> DataFrame:
    """The rows of the mapping, where a condition that names no visit hangs to the first one that lists it.

    A condition may be a diagnosis of many visits; it came to be known in the first of them.
    """
    from pyspark.sql import functions as f

    listed, key = staged.where("kind = 'listed'"), ["subject_id", "source_id"]
    if listed.isEmpty():
        return staged
    first = f.min_by("encounter_id", f.struct(f.expr("position IS NULL"), "position", "encounter_id"))
    begun = visits.select("subject_id", "encounter_id", "position")
    where = listed.select(*key, "encounter_id").join(_sent(begun, few), ["subject_id", "encounter_id"])
    lone = "source_type = 'Condition' AND kind = 'event' AND encounter_id IS NULL"
    found = (
        staged.where(lone)
        .drop("encounter_id")
        .join(_sent(where.groupBy(*key).agg(first.alias("encounter_id")), few), key, "left")
        .withColumn("infer", f.expr("infer AND encounter_id IS NULL"))
    )
    return staged.where(f"NOT ({lone})").unionByName(found)


def issued(staged: DataFrame, few: bool = True) -> DataFrame:
    """The rows of the mapping, where a result of which nothing tells when it was known is known with its report."""
    from pyspark.sql import functions as f

    told, key = staged.where("kind = 'reported'"), ["subject_id", "source_id"]
    if told.isEmpty():
        return staged
    first = told.groupBy(*key).agg(f.min("available_time").alias("r_time"), f.min("available_at").alias("r_at"))
    waits = f"{_COURSE} AND untold AND source_type = 'Observation'"
    known = (
        staged.where(waits)
        .join(_sent(first, few), key, "left")
        .withColumn("available_time", f.expr("greatest(available_time, r_time)"))
        .withColumn("available_at", f.expr("greatest(available_at, r_at)"))
        .withColumn("billing", f.expr("billing AND r_time IS NULL AND r_at IS NULL"))
        .withColumn("untold", f.expr("r_time IS NULL AND r_at IS NULL"))
        .select(*staged.columns)
    )
    return staged.where(f"NOT coalesce({waits}, false)").unionByName(known)


def inferred(staged: DataFrame, visits: DataFrame) -> DataFrame:
    """Visits for events that name none, by time: event_id, inferred_id. The shortest visit around an event wins.

    A day without a time meets every visit of that day.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    lone = staged.where(
        f"{_COURSE} AND infer AND position IS NOT NULL AND time_precision IN ('day', 'second', 'year')"
    ).selectExpr(
        "event_id",
        "subject_id",
        "position AS at",
        "position + IF(time_precision <> 'second' AND position = floor(position), 1 - 1e-9, 0) AS until",
        "time_precision = 'year' AND time_precision IS NOT NULL AND time IS NOT NULL AND position * 86400000000D = time"
        " AS whole_year",
    )
    windows = visits.where(f"position IS NOT NULL AND position_over >= position AND {_HAPPENED}").selectExpr(
        "subject_id", "encounter_id AS inferred_id", "position AS v_from", "position_over AS v_to"
    )
    best = Window.partitionBy("event_id").orderBy(f.expr("v_to - v_from"), f.desc("v_from"), "inferred_id")
    return (
        lone.where("NOT whole_year")
        .join(windows, "subject_id")
        .where("v_from <= until AND v_to >= at")
        .withColumn("rank", f.row_number().over(best))
        .where("rank = 1")
        .select("event_id", "inferred_id")
    )


def texts(notes: DataFrame) -> DataFrame:
    """The text of each resource's notes (``source_id``, ``n_text``), in the order of their ids.

    Of one text in several formats the plainest is told: the attachments of a document are renditions of each other
    (hl7.org/fhir/R4/documentreference-definitions.html#DocumentReference.content, and of a report's presentedForm).
    """
    from pyspark.sql import functions as f

    at = f.array_position(f.array(*map(f.lit, _FORMATS)), f.lower("content_type"))
    rank = f.when(at > 0, at).otherwise(len(_FORMATS) + 1)
    return (
        notes.where("status = 'deidentified'")
        .groupBy(f.col("resource_id").alias("source_id"))
        .agg(f.array_sort(f.collect_list(f.struct(rank.alias("rank"), "note_id", "text"))).alias("parts"))
        .selectExpr("source_id", "concat_ws('\n\n', filter(parts, p -> p.rank = parts[0].rank).text) AS n_text")
    )


def all_events(
    staged: DataFrame,
    again: DataFrame,
    visits: DataFrame,
    medicines: DataFrame,
    notes: DataFrame,
    few: bool = True,
) -> DataFrame:
    """The events with what other resources tell: a visit's end, a medication's code, a note's text, the day, the age.

    What has no date of its own takes the end of its visit, never the start, and says so in ``time_precision``: a
    billing code is not known before the visit ended (MIT-LCP/mimic-code#918).

    Args:
        staged: rows of the mapping.
        again: ``told_again`` of them.
        visits: ``encounters`` of them.
        medicines: ``medications`` of the whole lake.
        notes: rows of silver.notes.
        few: whether what is known of the patients and their visits fits each task's memory.
    """
    from pyspark.sql import functions as f

    staged = issued(hung(staged, visits, few), few)
    facts = _facts(staged, again)
    ends = visits.selectExpr(
        "subject_id",
        "encounter_id",
        "true AS own_visit",
        "start_time AS v_start",
        "over AS v_over",
        "position_over AS v_at",
        "position AS v_from",
        "flags AS v_flags",
    )
    told = _course_of(staged, visits, notes, few).unionByName(facts, allowMissingColumns=True)
    named = told.join(f.broadcast(medicines.unionByName(_devices(staged))), "medication_id", "left")
    return _in_life(_timed(_of_visits(named, ends, few)), _sent(_spans(staged, facts, ends), few))


def _facts(staged: DataFrame, again: DataFrame) -> DataFrame:
    """The facts of each person, each told once, with ``conflicting``."""
    from pyspark.sql import functions as f

    several = f.broadcast(again.select("event_id", "spare", "conflicting"))
    found = staged.where("kind = 'fact'").join(several, "event_id", "left")
    return found.where("NOT coalesce(spare, false)").drop("spare")


def _course_of(staged: DataFrame, visits: DataFrame, notes: DataFrame, few: bool) -> DataFrame:
    """The events of each patient's course with the text of notes, and a visit by time for those that name none."""
    from pyspark.sql import functions as f

    plain, noted = (staged.where(f"kind = '{kind}'") for kind in ("event", "noted"))
    said = noted.join(texts(notes), "source_id", "left").withColumn("text_value", f.coalesce("n_text", "text_value"))
    placed = plain.unionByName(said.drop("n_text"))
    if staged.where(f"{_COURSE} AND infer").isEmpty():
        return placed.withColumn("inferred_id", f.lit(None).cast("string"))
    return placed.join(_sent(inferred(staged, visits), few), "event_id", "left")


def _of_visits(named: DataFrame, ends: DataFrame, few: bool) -> DataFrame:
    """The events with their visit, and with the code, display and other codings of the medication that they name."""
    from pyspark.sql import functions as f

    return (
        named.withColumn("encounter_inferred", f.expr("encounter_id IS NULL AND inferred_id IS NOT NULL"))
        .withColumn("encounter_id", f.coalesce("encounter_id", "inferred_id"))
        .join(_sent(ends, few), ["subject_id", "encounter_id"], "left")
        .withColumn("encounter_id", f.expr(_OWN_VISIT))
        .withColumn("parents", f.expr(_PARENTS))
        .withColumn("code", f.expr("coalesce(concat(coalesce(prefix, ''), m_code, suffix), code)"))
        .withColumn("display", f.expr("IF(m_code IS NULL, display, m_display)"))
    )


def _timed(found: DataFrame) -> DataFrame:
    """The events when they were true and could be known, where their visit tells it too."""
    from pyspark.sql import functions as f

    undated = f.expr(_UNDATED)
    known = "greatest(time, timestamp_micros(available_time), IF(billing, v_over, NULL), IF(untold, v_start, NULL))"
    known_at = "greatest(position, available_at, IF(billing, v_at, NULL), IF(untold, v_from, NULL))"
    inferred_end = f.lit("inferred_encounter_end")
    return (
        found.withColumn("own_time", _stamp("time"))
        .withColumn("time", f.when(undated, f.col("v_over")).otherwise(f.col("own_time")))
        .withColumn("position", f.when(undated, f.col("v_at")).otherwise(f.col("position")))
        .withColumn("days_precision", f.expr(f"IF(position IS NULL, NULL, IF({_UNDATED}, {_EXACT}, precision))"))
        .withColumn("time_precision", f.when(undated, inferred_end).otherwise(f.col("time_precision")))
        .withColumn("available_time", f.expr(f"IF({_UNKNOWN}, NULL, {known})"))
        .withColumn("end_time", _stamp("end_time"))
        .withColumn("available_at", f.expr(f"IF({_UNKNOWN}, NULL, {known_at})"))
    )


def _in_life(found: DataFrame, lives: DataFrame) -> DataFrame:
    """The events with their days since the patient's first, the age, and what is odd about them."""
    from pyspark.sql import functions as f

    odd = [
        "flags",
        "IF(source_type = 'Encounter', v_flags, NULL)",
        "IF(conflicting, 'conflicting_records', NULL)",
        f"IF(position + {_SPAN} + {_EAST} < born AND NOT startswith(code, 'FAMILY//'), 'before_birth', NULL)",
        f"IF(position > died + {GRACE_DAYS}, 'after_death', NULL)",
        "IF(sex <> gender AND gender IN ('male', 'female'), 'implausible_sex', NULL)",
        f"IF((position < v_from - 7 AND NOT {_BEFORE} OR position > v_at + 7) AND NOT {_OVER},"
        " 'outside_encounter', NULL)",
    ]
    years = (f.col("position") - f.col("born")) / 365.25
    return (
        found.join(lives, "subject_id", "left")
        .withColumn("days", f.round(f.col("position") - f.col("first_at"), 10))
        .withColumn("end_days", f.round(f.col("end_at") - f.col("first_at"), 10))
        .withColumn("available_days", f.round(f.col("available_at") - f.col("first_at"), 10))
        .withColumn("age", f.when(years >= 0, f.round(f.least(years, f.lit(OLDEST)), 4)))
        .withColumn("flags", f.expr(f"nullif(concat_ws(' ', {', '.join(odd)}), '')"))
        .withColumn("bucket", f.expr(lake.BUCKET))
    )


def by_days(found: DataFrame) -> DataFrame:
    """``all_events`` with the years that their days tell, counted from the year of the first event, and no other time.

    The calendar's years beside days tell the dates: of two events about New Year's Eve to the hour. A value that is a
    date or a period, of which the policy left the year, says only that it is one.
    """
    from pyspark.sql import functions as f

    answer = "numeric_value IS NULL AND text_value RLIKE '^[0-9]{4}(/[0-9]{0,4})?$|^/[0-9]{4}$'"
    year = "CAST(dated.year - floor((dated.at - first_at) / 365.25) + floor(days / 365.25) AS INT)"
    begins, ends = (f"make_timestamp({year} + {n}, 1, 1, 0, 0, 0)" for n in (0, 1))
    over = f"WHEN month(time) = 12 THEN {ends} - INTERVAL 1 MICROSECOND"
    told = f.expr(f"CASE WHEN days IS NULL OR dated IS NULL THEN time {over} ELSE {begins} END")
    finer = f.expr("IF(days IS NOT NULL AND dated IS NOT NULL AND time IS NULL, 'year', time_precision)")
    none = f.lit(None).cast("timestamp")
    text = f.expr(f"IF(days IS NOT NULL AND {answer}, '[DATE]', text_value)")
    times = {"time": told, "time_precision": finer, "end_time": none, "available_time": none}
    return found.withColumns({**times, "text_value": text})


def on_axis(visits: DataFrame, found: DataFrame, *, relative: bool) -> DataFrame:
    """The visits with the days that their two events have, and where events have years only with those."""
    from pyspark.sql import functions as f

    def told(which: str, column: str) -> Any:
        return f.max(f.expr(f"IF(startswith(code, 'ENCOUNTER//{which}'), {column}, NULL)"))

    events = found.where("source_type = 'Encounter'").groupBy(f.col("source_id").alias("encounter_id"))
    ends = {
        "began": ("START", "time"),
        "ended": ("END", "time"),
        "start_days": ("START", "days"),
        "until": ("END", "days"),
    }
    placed = visits.join(events.agg(*(told(*at).alias(name) for name, at in ends.items())), "encounter_id", "left")
    placed = placed.withColumn("end_days", f.expr("IF(end_time IS NULL, NULL, until)"))
    years = {"start_time": f.col("began"), "end_time": f.expr("IF(end_time IS NULL, NULL, ended)")}
    return placed.withColumns(years) if relative else placed


def _spans(staged: DataFrame, facts: DataFrame, ends: DataFrame) -> DataFrame:
    """The first position of each patient (``first_at``), ``born``, ``died`` and ``gender``; without spare facts.

    ``dated`` is the first position that has a year (``at``, ``year``).
    """
    from pyspark.sql import functions as f

    course = staged.where(_COURSE)
    late = course.where("undated = 'encounter_end'").select("subject_id", "encounter_id")
    ended = late.join(ends, ["subject_id", "encounter_id"]).where("v_over IS NOT NULL")
    born, died = (f"IF(code = 'MEDS_{name}', position, NULL)" for name in ("BIRTH", "DEATH"))
    told = (
        course.selectExpr("subject_id", "position AS at", "time")
        .unionByName(ended.selectExpr("subject_id", "v_at AS at", "unix_micros(v_over) AS time"))
        .unionByName(facts.selectExpr("subject_id", "position AS at", "time"))
    )
    dated = "IF(at IS NULL OR time IS NULL, NULL, struct(at, year(timestamp_micros(time)) AS year))"
    span = facts.selectExpr("subject_id", f"{born} AS birth", f"{died} AS death").groupBy("subject_id")
    person = staged.where("kind = 'subject'").groupBy("subject_id")
    return (
        told.groupBy("subject_id")
        .agg(f.min("at").alias("first_at"), f.min(f.expr(dated)).alias("dated"))
        .join(span.agg(f.min("birth").alias("born"), f.min("death").alias("died")), "subject_id", "left")
        .join(
            person.agg(f.min_by(f.expr("facts['gender']"), f.expr(_OWN_FIRST)).alias("gender")),
            "subject_id",
            "left",
        )
    )


def subjects(staged: DataFrame, found: DataFrame) -> DataFrame:
    """One row a patient; a patient whose Patient resource was not delivered has only counts."""
    from pyspark.sql import functions as f

    facts = (
        staged.where("kind = 'subject'").groupBy("subject_id").agg(f.min_by("facts", f.expr(_OWN_FIRST)).alias("facts"))
    )
    spans = found.groupBy("subject_id").agg(
        f.count("*").alias("events"), f.min("time").alias("first_time"), f.max("time").alias("last_time")
    )
    return facts.join(spans, "subject_id", "full").select(
        "subject_id",
        f.col("facts")["birth_year"].cast("int").alias("birth_year"),
        *(f.col("facts")[n].alias(n) for n in ("gender", "race", "ethnicity", "zip3", "state")),
        (f.col("facts")["deceased"] == "true").alias("deceased"),
        f.coalesce("events", f.lit(0)).alias("events"),
        "first_time",
        "last_time",
        f.expr(lake.BUCKET).alias("bucket"),
    )


def lineage(staged: DataFrame, again: DataFrame, found: DataFrame, sources: DataFrame) -> DataFrame:
    """One row a patient: what became of each of its resources, and what is odd about its events.

    Args:
        staged: rows of the mapping.
        again: ``told_again`` of them.
        found: the events, with ``source`` and ``first``.
        sources: subject_id, bucket, digest, resources of the patients being built.
    """
    from pyspark.sql import functions as f

    spare = again.where("spare AND first").withColumn("source_type", f.lit("Patient"))
    merged = spare.where("alone").withColumn("reason", f.lit("merged_record"))
    left = staged.where("kind = 'filtered'").unionByName(merged, allowMissingColumns=True)
    whys = (
        left.groupBy(f.expr(_WHO), f.expr("concat_ws('/', source_type, reason) AS why")).count().groupBy("subject_id")
    )
    filtered = whys.agg(f.map_from_entries(f.collect_list(f.struct("why", "count"))).alias("filtered"))
    words = found.where("flags IS NOT NULL").select("subject_id", f.explode(f.split("flags", " ")).alias("flag"))
    repeated = staged.where("kind = 'repeated'").selectExpr("subject_id", "'repeated_line' AS flag")
    flagged = words.unionByName(repeated).groupBy("subject_id", "flag").count().groupBy("subject_id")
    flags = flagged.agg(f.map_from_entries(f.collect_list(f.struct("flag", "count"))).alias("flags"))
    drugs = found.where("medication_id IS NOT NULL").groupBy("subject_id")
    medications = drugs.agg(f.array_sort(f.collect_set("medication_id")).alias("medications"))
    rows = sources
    for part in (filtered, flags, medications, _loaded(found, left, spare.where("NOT alone"))):
        rows = rows.join(part, "subject_id", "left")
    return rows.selectExpr(
        "subject_id",
        "digest",
        "resources",
        "coalesce(with_events, 0) AS with_events",
        "filtered",
        "flags",
        "medications",
        "loaded",
        "bucket",
    )


def _loaded(found: DataFrame, left: DataFrame, shared: DataFrame) -> DataFrame:
    """For each patient what it has of each source and type, and how many resources gave events.

    Args:
        found: the events.
        left: rows of resources that gave none, those merged away among them.
        shared: first rows of records of which only some facts were merged away.
    """
    from pyspark.sql import functions as f

    key = f.expr("concat_ws('|', coalesce(source, ''), source_type) AS of")
    of = ("subject_id", "source", "source_type")
    given = found.groupBy(*of).agg(
        f.count_if("first").alias("given"),
        f.count("*").alias("events"),
        # A birth tells when a patient was born, not from when on records are there.
        f.min(f.expr("IF(code = 'MEDS_BIRTH', NULL, time)")).alias("first_time"),
        f.max(f.expr("IF(code = 'MEDS_BIRTH', NULL, time)")).alias("last_time"),
        f.max(f.expr("IF(code = 'MEDS_BIRTH', NULL, available_time)")).alias("available_time"),
    )
    each = (
        given.unionByName(shared.select(*of, f.lit(1).alias("given")), allowMissingColumns=True)
        .unionByName(left.select(*of, f.lit(1).alias("left")), allowMissingColumns=True)
        .groupBy(f.expr(_WHO), key)
        .agg(
            f.struct(
                f.expr("coalesce(sum(given), 0) + coalesce(sum(left), 0)").alias("resources"),
                f.coalesce(f.sum("events"), f.lit(0)).alias("events"),
                f.year(f.min("first_time")).alias("first_year"),
                f.year(f.max("last_time")).alias("last_year"),
                f.year(f.max("available_time")).alias("available_year"),
            ).alias("has"),
            f.sum("given").alias("given"),
        )
    )
    return each.groupBy("subject_id").agg(
        f.map_from_entries(f.collect_list(f.struct("of", "has"))).alias("loaded"),
        f.sum("given").alias("with_events"),
    )


def code_counts(events: DataFrame) -> DataFrame:
    """One row a bucket and code: display, other codings, events, patients."""
    from pyspark.sql import functions as f

    # What is not a number is a key first: only of numbers Spark keeps sums by hash, else it sorts all rows.
    each = events.groupBy("bucket", "code", "subject_id", "display", "parents").count()
    return each.groupBy("bucket", "code").agg(
        f.max("display").alias("description"),
        f.array_sort(f.array_distinct(f.flatten(f.collect_set("parents")))).alias("parents"),
        f.sum("count").alias("events"),
        f.countDistinct("subject_id").alias("subjects"),
    )


_HIERARCHIES = (
    # A code of ICD-9-CM and ICD-10 belongs to the category its shorter form names; WHO's ATC has five levels.
    "CASE WHEN code RLIKE '^(ICD10CM|ICD10|ICD9CM)//[A-Z]?[0-9][0-9A-Z]+[.][0-9A-Z]+$' "
    "THEN regexp_replace(left(code, length(code) - 1), '[.]$', '') "
    "WHEN code RLIKE '^ATC//[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$' THEN left(code, 10) "
    "WHEN code RLIKE '^ATC//[A-Z][0-9]{2}[A-Z]{2}$' THEN left(code, 9) "
    "WHEN code RLIKE '^ATC//[A-Z][0-9]{2}[A-Z]$' THEN left(code, 8) "
    "WHEN code RLIKE '^ATC//[A-Z][0-9]{2}$' THEN left(code, 6) END"
)


_WAS = "//(STOPPED|ABATED|ENDED)$"
_NOT_DONE = "NOT_DONE|CANCELLED|REGISTERED|POTENTIAL|PLANNED|PROPOSED|OPTION|DO_NOT_PERFORM"
_WAS_NOT = f"^(FAMILY|FOCUS|ALLERGY|ORDER|PLAN|GOAL|RISK)//|//({_NOT_DONE})$"
"""Codes that tell of how something ended that was, and of what was not, or not the patient's."""


def codes(counts: DataFrame) -> DataFrame:
    """One row a code with its display, parents and counts; counts of 1-10 patients are null.

    Parents are the other codings of the same concept, the code a status or a prefix was put around, and the broader
    code where the code itself spells it (ICD-9-CM, ICD-10, ATC). What was not done or only planned, what a relative
    has or the patient does not tolerate has none: who asks for a code and all below it asks for what was.
    """
    from pyspark.sql import functions as f

    summed = counts.groupBy("code").agg(
        f.max("description").alias("description"),
        f.flatten(f.collect_list("parents")).alias("others"),
        f.sum("events").alias("n"),
        f.sum("subjects").alias("p"),
    )
    bare = f"IF(code RLIKE '{_WAS}', regexp_replace(code, '{_WAS}', ''), NULL)"
    told = f"array_sort(array_distinct(array_compact(concat(others, array({bare}, {_HIERARCHIES})))))"
    parents = f"IF(code RLIKE '{_WAS_NOT}', array(), {told})"
    shown = f.col("p") > cells.SMALL
    return summed.select(
        "code",
        "description",
        f.expr(f"IF(size({parents}) = 0, NULL, {parents})").alias("parent_codes"),
        f.when(shown, f.col("n")).alias("events"),
        f.when(shown, f.col("p")).alias("subjects"),
    )
