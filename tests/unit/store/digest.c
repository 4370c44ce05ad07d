/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/digest.h"

#include <criterion/criterion.h>

Test(digest, of_bytes)
{
	struct mica_digest digest;
	char text[MICA_DIGEST_SIZE];

	mica_digest_begin(&digest);
	mica_digest_add(&digest, "a", 1);
	mica_digest_add(&digest, "bc", 2);
	mica_digest_end(&digest, text);
	cr_assert_str_eq(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(digest, valid)
{
	cr_assert(mica_digest_valid("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	cr_assert_not(mica_digest_valid("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"));
	cr_assert_not(mica_digest_valid("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add"));
	cr_assert_not(mica_digest_valid("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
	cr_assert_not(mica_digest_valid("sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	cr_assert_not(mica_digest_valid("sha256:../../../../../../../../../../../../../../../../../../etc/passwd"));
	cr_assert_not(mica_digest_valid(""));
}

/* The layers of an image that podman made, and the chain that it stored them under. */
Test(digest, chain)
{
	char chain[MICA_DIGEST_SIZE];

	mica_digest_chain(NULL, "sha256:c5d50b0e791fb2a674fb07b5978e043084a6e69d4fc56b533367a44a4c4cfcde", chain);
	cr_assert_str_eq(chain, "sha256:c5d50b0e791fb2a674fb07b5978e043084a6e69d4fc56b533367a44a4c4cfcde");
	mica_digest_chain("sha256:c5d50b0e791fb2a674fb07b5978e043084a6e69d4fc56b533367a44a4c4cfcde",
			  "sha256:25914e5ecf2756d8beb2ff670919dcbc93874aaa78cb7b254461362ed52c67fc", chain);
	cr_assert_str_eq(chain, "sha256:d53c00d7cf0f9f0cc6dbf6be4b99e6171040bf3396343a408c04d99549c5e022");
}
