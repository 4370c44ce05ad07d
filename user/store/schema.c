// SPDX-License-Identifier: BSD-2-Clause
#include "store/schema.h"

#include <assert.h>
#include <stddef.h>

#include "store/database.h"

/*
 * stage: the name below staging/ that the tree had. The commit of the row is the moment in which the layer exists;
 * whoever finds its tree still in staging/ does the rename that belongs to it.
 * trash: a directory below layers/ whose row is gone and whose tree is not.
 * refs count only in the boot that they were made in: mounts do not outlive it.
 */
static const char version_1[] = "CREATE TABLE layers ("
				" number INTEGER PRIMARY KEY AUTOINCREMENT,"
				" id TEXT NOT NULL UNIQUE,"
				" parent TEXT REFERENCES layers(id) ON DELETE RESTRICT,"
				" digest TEXT,"
				" size INTEGER,"
				" created INTEGER NOT NULL,"
				" label TEXT,"
				" stage TEXT UNIQUE,"
				" refs INTEGER NOT NULL DEFAULT 0 CHECK (refs >= 0),"
				" boot TEXT"
				") STRICT;"
				"CREATE INDEX layers_parent ON layers(parent);"
				"CREATE TABLE trash (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
				"CREATE TABLE images ("
				" id TEXT PRIMARY KEY,"
				" top TEXT REFERENCES layers(id) ON DELETE RESTRICT,"
				" config TEXT NOT NULL,"
				" created INTEGER NOT NULL"
				") STRICT, WITHOUT ROWID;"
				"CREATE INDEX images_top ON images(top);"
				"CREATE TABLE image_names ("
				" name TEXT PRIMARY KEY,"
				" image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE"
				") STRICT, WITHOUT ROWID;"
				"CREATE TABLE unions ("
				" target TEXT PRIMARY KEY,"
				" specification TEXT NOT NULL,"
				" created INTEGER NOT NULL"
				") STRICT, WITHOUT ROWID;"
				"CREATE TABLE volumes ("
				" name TEXT PRIMARY KEY,"
				" backend TEXT NOT NULL,"
				" options TEXT NOT NULL,"
				" anonymous INTEGER NOT NULL DEFAULT 0,"
				" created INTEGER NOT NULL,"
				" stage TEXT UNIQUE"
				") STRICT, WITHOUT ROWID;"
				"CREATE TABLE containers ("
				" id TEXT PRIMARY KEY,"
				" name TEXT NOT NULL UNIQUE,"
				" image TEXT REFERENCES images(id) ON DELETE RESTRICT,"
				" layer TEXT NOT NULL REFERENCES layers(id) ON DELETE RESTRICT,"
				" settings TEXT NOT NULL,"
				" created INTEGER NOT NULL"
				") STRICT, WITHOUT ROWID;"
				"CREATE TABLE container_volumes ("
				" container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,"
				" target TEXT NOT NULL,"
				" volume TEXT NOT NULL REFERENCES volumes(name) ON DELETE RESTRICT,"
				" PRIMARY KEY (container, target)"
				") STRICT, WITHOUT ROWID;"
				"CREATE INDEX container_volumes_volume ON container_volumes(volume);";

/* What a container came to; NULL: it never ended. Indexes: of the rows that a deletion elsewhere must look for. */
static const char containers_end[] = "ALTER TABLE containers ADD COLUMN auto_remove INTEGER NOT NULL DEFAULT 0;"
				     "ALTER TABLE containers ADD COLUMN exit_status INTEGER;"
				     "ALTER TABLE containers ADD COLUMN finished INTEGER;"
				     "CREATE INDEX containers_layer ON containers(layer);"
				     "CREATE INDEX containers_image ON containers(image);"
				     "CREATE INDEX containers_auto_remove ON containers(id) WHERE auto_remove;";

/*
 * volume_users: who wants a volume mounted. `boot`: the use ends with that boot of the kernel; NULL: it outlives it.
 * volume_projects: the project of a local volume, by which the file system limits its size.
 */
static const char users_and_projects[] = "CREATE TABLE volume_users ("
					 " volume TEXT NOT NULL REFERENCES volumes(name) ON DELETE CASCADE,"
					 " user TEXT NOT NULL,"
					 " count INTEGER NOT NULL CHECK (count > 0),"
					 " boot TEXT,"
					 " PRIMARY KEY (volume, user)"
					 ") STRICT, WITHOUT ROWID;"
					 "CREATE TABLE volume_projects ("
					 " volume TEXT PRIMARY KEY,"
					 " project INTEGER NOT NULL UNIQUE"
					 ") STRICT, WITHOUT ROWID;";

const char *const mica_schema_steps[] = { version_1, containers_end, users_and_projects, NULL };

static_assert(sizeof(mica_schema_steps) / sizeof(mica_schema_steps[0]) - 1 == MICA_DATABASE_VERSION,
	      "a step more is a version more");
