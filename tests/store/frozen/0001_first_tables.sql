CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	what TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE TABLE binding (
	device VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	meter VARCHAR NOT NULL, 
	CONSTRAINT pk_binding PRIMARY KEY (device, register, from_ms), 
	CONSTRAINT fk_binding_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
INSERT INTO "binding" VALUES('logger-1','gas_volume',5,'linde.gas');
CREATE TABLE building (
	id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	use VARCHAR NOT NULL, 
	floor_area_m2 FLOAT, 
	CONSTRAINT pk_building PRIMARY KEY (id), 
	CONSTRAINT fk_building_site FOREIGN KEY(site) REFERENCES site (id)
);
CREATE TABLE calendar_day (
	site VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	kind VARCHAR NOT NULL, 
	CONSTRAINT pk_calendar_day PRIMARY KEY (site, day, kind), 
	CONSTRAINT fk_calendar_day_site FOREIGN KEY(site) REFERENCES site (id)
);
CREATE TABLE dirty_window (
	id INTEGER NOT NULL, 
	meter VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	CONSTRAINT pk_dirty_window PRIMARY KEY (id), 
	CONSTRAINT fk_dirty_window_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE meter (
	id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	carrier VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	unit VARCHAR NOT NULL, 
	interval_s INTEGER, 
	ean VARCHAR, 
	installation VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_meter PRIMARY KEY (id), 
	CONSTRAINT fk_meter_site FOREIGN KEY(site) REFERENCES site (id)
);
INSERT INTO "meter" VALUES('linde.gas','linde','Gas','gas','index','m3',900,'541448000000000001','boiler room','');
CREATE TABLE meter_facts (
	meter VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	digits INTEGER, 
	decimals INTEGER, 
	multiplier FLOAT NOT NULL, 
	max_power_kw FLOAT, 
	CONSTRAINT pk_meter_facts PRIMARY KEY (meter, valid_from_ms), 
	CONSTRAINT fk_meter_facts_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
INSERT INTO "meter_facts" VALUES('linde.gas',0,5,3,1.0,NULL);
CREATE TABLE meter_share (
	meter VARCHAR NOT NULL, 
	building VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	share FLOAT NOT NULL, 
	CONSTRAINT pk_meter_share PRIMARY KEY (meter, building, valid_from), 
	CONSTRAINT fk_meter_share_building FOREIGN KEY(building) REFERENCES building (id), 
	CONSTRAINT fk_meter_share_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject_key VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	due_s BIGINT NOT NULL, 
	sent_s BIGINT, 
	given_up_s BIGINT, 
	attempts INTEGER NOT NULL, 
	last_error TEXT NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT fk_outbox_person FOREIGN KEY(person) REFERENCES person (id), 
	CONSTRAINT uq_outbox_kind_subject_key_person UNIQUE (kind, subject_key, person)
);
CREATE TABLE person (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	buildings JSON NOT NULL, 
	zones JSON NOT NULL, 
	skills JSON NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id)
);
CREATE TABLE progress_mark (
	job VARCHAR NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_progress_mark PRIMARY KEY (job)
);
CREATE TABLE quarantine (
	id INTEGER NOT NULL, 
	spool_id BIGINT, 
	received_ms BIGINT NOT NULL, 
	source VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	CONSTRAINT pk_quarantine PRIMARY KEY (id), 
	CONSTRAINT uq_quarantine_spool_id_device_reason_detail UNIQUE (spool_id, device, reason, detail)
);
CREATE TABLE quarantine_count (
	device VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	spool_id BIGINT NOT NULL, 
	received_ms BIGINT NOT NULL, 
	CONSTRAINT pk_quarantine_count PRIMARY KEY (device, reason)
);
CREATE TABLE site (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	latitude FLOAT, 
	longitude FLOAT, 
	CONSTRAINT pk_site PRIMARY KEY (id)
);
INSERT INTO "site" VALUES('linde','De Linde','north','Europe/Brussels',50.86,4.35);
CREATE TABLE swap (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	last_index FLOAT NOT NULL, 
	first_index FLOAT NOT NULL, 
	serial VARCHAR NOT NULL, 
	digits INTEGER, 
	CONSTRAINT pk_swap PRIMARY KEY (meter, register, at_ms), 
	CONSTRAINT fk_swap_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE ticket (
	id INTEGER NOT NULL, 
	meter VARCHAR NOT NULL, 
	rule VARCHAR NOT NULL, 
	cause VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	urgency VARCHAR NOT NULL, 
	skill VARCHAR NOT NULL, 
	first_abnormal_s BIGINT NOT NULL, 
	last_abnormal_s BIGINT NOT NULL, 
	opened_s BIGINT NOT NULL, 
	cleared_s BIGINT, 
	score FLOAT NOT NULL, 
	numbers JSON NOT NULL, 
	assigned_to VARCHAR, 
	living_key VARCHAR, 
	CONSTRAINT pk_ticket PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_assigned_to FOREIGN KEY(assigned_to) REFERENCES person (id), 
	CONSTRAINT fk_ticket_meter FOREIGN KEY(meter) REFERENCES meter (id), 
	CONSTRAINT uq_ticket_living_key UNIQUE (living_key)
);
CREATE TABLE ticket_event (
	id INTEGER NOT NULL, 
	ticket INTEGER NOT NULL, 
	at_s BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_ticket_event PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_event_ticket FOREIGN KEY(ticket) REFERENCES ticket (id)
);
CREATE INDEX ix_quarantine_device_reason ON quarantine (device, reason);
CREATE INDEX ix_meter_site ON meter (site);
CREATE INDEX ix_dirty_window_meter ON dirty_window (meter);
CREATE INDEX ix_ticket_opened_s ON ticket (opened_s);
CREATE INDEX ix_ticket_state ON ticket (state);
CREATE INDEX ix_ticket_event_ticket ON ticket_event (ticket);
