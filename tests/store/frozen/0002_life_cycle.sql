CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	what TEXT NOT NULL, subject VARCHAR DEFAULT '' NOT NULL, "before" JSON, "after" JSON, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE TABLE binding (
	device VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	meter VARCHAR NOT NULL, as_register VARCHAR, unit VARCHAR, to_ms BIGINT, 
	CONSTRAINT pk_binding PRIMARY KEY (device, register, from_ms), 
	CONSTRAINT fk_binding_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
INSERT INTO "binding" VALUES('logger-1','gas_volume',5,'linde.gas',NULL,NULL,NULL);
CREATE TABLE building (
	id VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	use VARCHAR NOT NULL, 
	floor_area_m2 FLOAT, 
	CONSTRAINT pk_building PRIMARY KEY (id), 
	CONSTRAINT fk_building_site FOREIGN KEY(site) REFERENCES site (id)
);
CREATE TABLE building_share (
	building VARCHAR NOT NULL, 
	organisation VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	share FLOAT NOT NULL, 
	CONSTRAINT pk_building_share PRIMARY KEY (building, organisation, valid_from), 
	CONSTRAINT fk_building_share_building FOREIGN KEY(building) REFERENCES building (id), 
	CONSTRAINT fk_building_share_organisation FOREIGN KEY(organisation) REFERENCES organisation (id)
);
CREATE TABLE calendar_day (
	site VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	kind VARCHAR NOT NULL, 
	CONSTRAINT pk_calendar_day PRIMARY KEY (site, day, kind), 
	CONSTRAINT fk_calendar_day_site FOREIGN KEY(site) REFERENCES site (id)
);
CREATE TABLE calorific_value (
	station VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	kwh_per_m3 FLOAT NOT NULL, 
	source VARCHAR NOT NULL, 
	CONSTRAINT pk_calorific_value PRIMARY KEY (station, valid_from)
);
CREATE TABLE delivery (
	meter VARCHAR NOT NULL, 
	delivered_on DATE NOT NULL, 
	document VARCHAR NOT NULL, 
	quantity FLOAT NOT NULL, 
	unit VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_delivery PRIMARY KEY (meter, delivered_on, document), 
	CONSTRAINT fk_delivery_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE device_memory (
	family VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_device_memory PRIMARY KEY (family, "key")
);
CREATE TABLE dirty_window (
	id INTEGER NOT NULL, 
	meter VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	CONSTRAINT pk_dirty_window PRIMARY KEY (id), 
	CONSTRAINT fk_dirty_window_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE import_mapping (
	name VARCHAR NOT NULL, 
	mapping JSON NOT NULL, 
	who VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_import_mapping PRIMARY KEY (name)
);
CREATE TABLE ledger_account (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	first_index FLOAT NOT NULL, 
	last_index FLOAT NOT NULL, 
	declared_steps FLOAT NOT NULL, 
	booked FLOAT NOT NULL, 
	quarantined FLOAT NOT NULL, 
	balanced BOOLEAN NOT NULL, 
	checked_ms BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_account PRIMARY KEY (meter, register), 
	CONSTRAINT fk_ledger_account_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE ledger_finding (
	id INTEGER NOT NULL, 
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	step FLOAT NOT NULL, 
	CONSTRAINT pk_ledger_finding PRIMARY KEY (id), 
	CONSTRAINT fk_ledger_finding_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE manual_reading (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	value FLOAT NOT NULL, 
	who VARCHAR NOT NULL, 
	photo VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	entered_ms BIGINT NOT NULL, 
	CONSTRAINT pk_manual_reading PRIMARY KEY (meter, register, at_ms, value), 
	CONSTRAINT fk_manual_reading_meter FOREIGN KEY(meter) REFERENCES meter (id)
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
	note TEXT NOT NULL, gas_station VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_meter PRIMARY KEY (id), 
	CONSTRAINT fk_meter_site FOREIGN KEY(site) REFERENCES site (id)
);
INSERT INTO "meter" VALUES('linde.gas','linde','Gas','gas','index','m3',900,'541448000000000001','boiler room','','');
CREATE TABLE meter_facts (
	meter VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	digits INTEGER, 
	decimals INTEGER, 
	multiplier FLOAT NOT NULL, 
	max_power_kw FLOAT, max_flow_m3h FLOAT, pulse_weight FLOAT, unit VARCHAR, tank_l FLOAT, source VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_meter_facts PRIMARY KEY (meter, valid_from_ms), 
	CONSTRAINT fk_meter_facts_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
INSERT INTO "meter_facts" VALUES('linde.gas',0,5,3,1.0,NULL,NULL,NULL,NULL,NULL,'');
CREATE TABLE meter_share (
	meter VARCHAR NOT NULL, 
	building VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	share FLOAT NOT NULL, 
	CONSTRAINT pk_meter_share PRIMARY KEY (meter, building, valid_from), 
	CONSTRAINT fk_meter_share_building FOREIGN KEY(building) REFERENCES building (id), 
	CONSTRAINT fk_meter_share_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE organisation (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_organisation PRIMARY KEY (id)
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
INSERT INTO "progress_mark" VALUES('rules',1790000000);
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
INSERT INTO "quarantine" VALUES(1,7,1000,'mqtt:loggers/x/readings','x','unknown_device','gas_volume=1',X'7B7D');
INSERT INTO "quarantine" VALUES(2,NULL,2000,'file:a.csv:3','x','malformed','no number',X'612C62');
CREATE TABLE quarantine_count (
	device VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	spool_id BIGINT NOT NULL, 
	received_ms BIGINT NOT NULL, first_ms BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_quarantine_count PRIMARY KEY (device, reason)
);
INSERT INTO "quarantine_count" VALUES('x','unknown_device',1,7,1000,1000);
INSERT INTO "quarantine_count" VALUES('x','malformed',1,0,-1,2000);
CREATE TABLE register_usual (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	usual_s FLOAT NOT NULL, 
	CONSTRAINT pk_register_usual PRIMARY KEY (meter, register), 
	CONSTRAINT fk_register_usual_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE replay (
	id INTEGER NOT NULL, 
	device VARCHAR NOT NULL, 
	template VARCHAR NOT NULL, 
	since_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	asked_ms BIGINT NOT NULL, 
	next_id BIGINT, 
	last_id BIGINT, 
	counted BIGINT NOT NULL, 
	packets BIGINT NOT NULL, 
	samples BIGINT NOT NULL, 
	done_ms BIGINT, 
	gone BIGINT NOT NULL, 
	complete_from_ms BIGINT, 
	trouble TEXT NOT NULL, 
	CONSTRAINT pk_replay PRIMARY KEY (id)
);
INSERT INTO "replay" VALUES(1,'x','',500,'anna',3000,NULL,NULL,0,0,0,NULL,0,NULL,'');
CREATE TABLE serial_seen (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	serial VARCHAR NOT NULL, 
	CONSTRAINT pk_serial_seen PRIMARY KEY (meter, register, at_ms), 
	CONSTRAINT fk_serial_seen_meter FOREIGN KEY(meter) REFERENCES meter (id)
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
CREATE TABLE stored_file (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	media_type VARCHAR NOT NULL, 
	content BLOB NOT NULL, 
	who VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_stored_file PRIMARY KEY (id)
);
CREATE TABLE sub_meter (
	head VARCHAR NOT NULL, 
	sub VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	valid_to DATE, 
	CONSTRAINT pk_sub_meter PRIMARY KEY (head, sub, valid_from), 
	CONSTRAINT fk_sub_meter_head FOREIGN KEY(head) REFERENCES meter (id), 
	CONSTRAINT fk_sub_meter_sub FOREIGN KEY(sub) REFERENCES meter (id)
);
CREATE TABLE swap (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	last_index FLOAT NOT NULL, 
	first_index FLOAT NOT NULL, 
	serial VARCHAR NOT NULL, 
	digits INTEGER, who VARCHAR DEFAULT '' NOT NULL, photo VARCHAR DEFAULT '' NOT NULL, note TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_swap PRIMARY KEY (meter, register, at_ms), 
	CONSTRAINT fk_swap_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE swap_dismissed (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	said_ms BIGINT NOT NULL, 
	CONSTRAINT pk_swap_dismissed PRIMARY KEY (meter, register, at_ms), 
	CONSTRAINT fk_swap_dismissed_meter FOREIGN KEY(meter) REFERENCES meter (id)
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
CREATE TABLE topic_route (
	template VARCHAR NOT NULL, 
	family VARCHAR NOT NULL, 
	who VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_topic_route PRIMARY KEY (template)
);
CREATE TABLE virtual_formula (
	meter VARCHAR NOT NULL, 
	valid_from_ms BIGINT NOT NULL, 
	formula TEXT NOT NULL, 
	CONSTRAINT pk_virtual_formula PRIMARY KEY (meter, valid_from_ms), 
	CONSTRAINT fk_virtual_formula_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE TABLE withdrawal (
	meter VARCHAR NOT NULL, 
	register VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	to_ms BIGINT NOT NULL, 
	device VARCHAR NOT NULL, 
	who VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_withdrawal PRIMARY KEY (meter, register, source, from_ms), 
	CONSTRAINT fk_withdrawal_meter FOREIGN KEY(meter) REFERENCES meter (id)
);
CREATE INDEX ix_quarantine_device_reason ON quarantine (device, reason);
CREATE INDEX ix_meter_site ON meter (site);
CREATE INDEX ix_dirty_window_meter ON dirty_window (meter);
CREATE INDEX ix_ticket_opened_s ON ticket (opened_s);
CREATE INDEX ix_ticket_state ON ticket (state);
CREATE INDEX ix_ticket_event_ticket ON ticket_event (ticket);
CREATE INDEX ix_ledger_finding_meter_register_from_ms ON ledger_finding (meter, register, from_ms);
CREATE INDEX ix_withdrawal_device ON withdrawal (device);
CREATE INDEX ix_audit_subject ON audit (subject);
