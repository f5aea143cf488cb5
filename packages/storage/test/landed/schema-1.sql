CREATE TABLE public.attempts (
    execution_id text NOT NULL COLLATE pg_catalog."C",
    attempt bigint NOT NULL,
    worker_id text NOT NULL COLLATE pg_catalog."C",
    started_at timestamp(3) with time zone NOT NULL,
    queue_ms double precision NOT NULL,
    run_ms double precision NOT NULL,
    failure text,
    error json,
    logs json NOT NULL,
    logs_truncated boolean NOT NULL,
    calls json,
    kill json
);
CREATE TABLE public.bundles (
    id text NOT NULL COLLATE pg_catalog."C",
    code text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE public.clients (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    scopes json NOT NULL,
    secret_hash text NOT NULL COLLATE pg_catalog."C",
    configured_secret_hash text COLLATE pg_catalog."C",
    created_at timestamp(3) with time zone NOT NULL,
    revoked_at timestamp(3) with time zone
);
CREATE TABLE public.executions (
    execution_id text NOT NULL COLLATE pg_catalog."C",
    trigger_id text NOT NULL,
    hook_id text NOT NULL COLLATE pg_catalog."C",
    hook_name text NOT NULL COLLATE pg_catalog."C",
    version_id text NOT NULL COLLATE pg_catalog."C",
    accepted_at timestamp(3) with time zone NOT NULL,
    replay_of text COLLATE pg_catalog."C",
    status text NOT NULL,
    status_at timestamp(3) with time zone NOT NULL,
    next_attempt_at timestamp(3) with time zone,
    failure text,
    error json,
    answered_by text
);
CREATE TABLE public.hook_documents (
    hook_id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    sealed text COLLATE pg_catalog."C"
);
CREATE TABLE public.hook_versions (
    id text NOT NULL COLLATE pg_catalog."C",
    hook_id text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    script text NOT NULL COLLATE pg_catalog."C",
    dependencies json NOT NULL,
    sealed_secrets json NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    build_status text NOT NULL,
    build_log text NOT NULL COLLATE pg_catalog."C",
    lock json,
    lock_hash text COLLATE pg_catalog."C",
    specifiers json,
    bundle_id text COLLATE pg_catalog."C"
);
CREATE TABLE public.hooklane_migrations (
    number integer NOT NULL,
    applied_at timestamp with time zone NOT NULL
);
CREATE TABLE public.hooks (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    trigger_id text NOT NULL,
    enabled boolean NOT NULL,
    version_number bigint NOT NULL
);
CREATE TABLE public.signing_keys (
    kid text NOT NULL COLLATE pg_catalog."C",
    algorithm text NOT NULL COLLATE pg_catalog."C",
    public_jwk json NOT NULL,
    sealed_private_jwk text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp(3) with time zone NOT NULL,
    retired_at timestamp(3) with time zone
);
INSERT INTO public.attempts VALUES ('exe_01KAHX00000000000000000001', 1, 'worker-1', '1970-01-01 00:00:01.5+00', 1.5, 20.25, NULL, NULL, '[{"level":"info","at":1795219200005,"message":"a line"}]', false, NULL, NULL);
INSERT INTO public.attempts VALUES ('exe_01KAHX00000000000000000002', 1, 'worker-1', '1970-01-01 00:00:01.5+00', 1.5, 20.25, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', '[]', false, NULL, NULL);
INSERT INTO public.attempts VALUES ('exe_01KAHX00000000000000000004', 1, 'worker-1', '1970-01-01 00:00:01.5+00', 1.5, 20.25, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', '[]', false, NULL, NULL);
INSERT INTO public.attempts VALUES ('exe_01KAHX00000000000000000004', 2, 'worker-1', '1970-01-01 00:00:01.5+00', 1.5, 20.25, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', '[]', false, NULL, NULL);
INSERT INTO public.bundles VALUES ('bundle1', 'module.exports = { "ms": () => 1 }', '2026-11-29 23:57:24.055+00');
INSERT INTO public.clients VALUES ('01M8MVVWQ46T2ZZKR5KZ9Z3CH9', 'active', '["read:hooks"]', 'scrypt.32768.8.1.ENrBPrNlJGZ7P6BPPY5p2A.IlJm57IMJsgNmRjJvpKiOZLhP7Ob-DwlGUFY-sgbWbU', NULL, '2026-11-29 23:57:24.068+00', NULL);
INSERT INTO public.clients VALUES ('01M8MVVWSWK29MVH23WG66TPDX', 'revoked', '[]', 'scrypt.32768.8.1.eppfZoyR-bFRTSIZZVv7dg.HEwjdbVZsNvcMh36alDqiz7vcN6avQLoD9dlLaNLD1M', NULL, '2026-11-29 23:57:24.156+00', '2026-11-29 23:57:24.243+00');
INSERT INTO public.executions VALUES ('exe_01KAHX00000000000000000001', 'post-user-registration', '01M8MVVWNRK59W914H0HW1TNDC', 'my-hook', '01GQN0P01XY4VE0PCK7H20QZ4M', '2026-11-21 00:00:00+00', NULL, 'succeeded', '2026-11-21 00:00:01+00', NULL, NULL, NULL, NULL);
INSERT INTO public.executions VALUES ('exe_01KAHX00000000000000000002', 'credentials-exchange', '01M8MVVWNRK59W914H0HW1TNDC', 'my-hook', '01GQN0P01XY4VE0PCK7H20QZ4M', '2026-11-21 00:00:00+00', NULL, 'failed', '2026-11-21 00:00:01+00', NULL, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', NULL);
INSERT INTO public.executions VALUES ('exe_01KAHX00000000000000000004', 'post-user-registration', '01M8MVVWNRK59W914H0HW1TNDC', 'my-hook', '01GQN0P01XY4VE0PCK7H20QZ4M', '2026-11-21 00:00:00+00', 'exe_01KAHX00000000000000000002', 'dead_letter', '2026-11-21 00:00:01+00', NULL, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', NULL);
INSERT INTO public.executions VALUES ('exe_01KAHX00000000000000000005', 'post-user-registration', '01M8MVVWNRK59W914H0HW1TNDC', 'my-hook', '01GQN0P01XY4VE0PCK7H20QZ4M', '2026-11-21 00:00:00+00', NULL, 'cancelled', '2026-11-21 00:00:01+00', NULL, NULL, NULL, NULL);
INSERT INTO public.executions VALUES ('exe_01KAHX00000000000000000003', 'post-user-registration', '01M8MVVWNRK59W914H0HW1TNDC', 'my-hook', '01GQN0P01XY4VE0PCK7H20QZ4M', '2026-11-21 00:00:00+00', NULL, 'failed', '2026-11-21 00:00:01+00', NULL, 'threw', '{"name":"Error","message":"it broke","stack":"Error: it broke\n    at hook"}', 'fallback');
INSERT INTO public.hook_documents VALUES ('01M8MVVWNRK59W914H0HW1TNDC', 3, 'a document');
INSERT INTO public.hook_versions VALUES ('01M8MVVWNSJEECZMBPJSB2T7CD', '01M8MVVWNRK59W914H0HW1TNDC', 1, 'sync', '// 1', '{}', '[]', '2026-11-29 23:57:24.025+00', 'none', '', NULL, NULL, NULL, NULL);
INSERT INTO public.hook_versions VALUES ('01M8MVVWP9ETYDR3Z6HXA4V99J', '01M8MVVWNRK59W914H0HW1TNDC', 2, 'sync', 'module.exports = (client, scope, audience, context, cb) => cb(null, { scope: [context.webtask.secrets.SCOPE] })', '{}', '[]', '2026-11-29 23:57:24.041+00', 'none', '', NULL, NULL, NULL, NULL);
INSERT INTO public.hook_versions VALUES ('01M8MVVWPGQY1028NNXAEBANGC', '01M8MVVWNRK59W914H0HW1TNDC', 3, 'sync', 'module.exports = (client, scope, audience, context, cb) => cb(null, { scope: [context.webtask.secrets.SCOPE] })', '{}', '[["SCOPE","4bb06f8e.zetno94id985TpwCVpp1l67Cjy3YctOhafTNBQsqEDMgAucGpxQB"]]', '2026-11-29 23:57:24.048+00', 'none', '', NULL, NULL, NULL, NULL);
INSERT INTO public.hook_versions VALUES ('01M8MVVWPKE1FFF9XXGE4DD4QS', '01M8MVVWPKE1FFF9XXGE4DD4QR', 1, 'built', '1', '{"ms":"2.1.3"}', '[]', '2026-11-29 23:57:24.051+00', 'built', '1 package
', '{"ms":{"version":"2.1.3","integrity":"sha512-abc"}}', 'lock1', '["ms"]', 'bundle1');
INSERT INTO public.hook_versions VALUES ('01M8MVVWPSS841GV2N9P1A1RRT', '01M8MVVWPRWYY992F3KQWFZH7Z', 1, 'failed', '1', '{"ms":"2.1.3"}', '[]', '2026-11-29 23:57:24.057+00', 'failed', 'there is no such package
', NULL, NULL, NULL, NULL);
INSERT INTO public.hooklane_migrations VALUES (1, '2026-11-29 23:57:23.96804+00');
INSERT INTO public.hooks VALUES ('01M8MVVWNRK59W914H0HW1TNDC', 'sync', 'credentials-exchange', true, 3);
INSERT INTO public.hooks VALUES ('01M8MVVWPKE1FFF9XXGE4DD4QR', 'built', 'post-user-registration', true, 1);
INSERT INTO public.hooks VALUES ('01M8MVVWPRWYY992F3KQWFZH7Z', 'failed', 'post-user-registration', false, 1);
INSERT INTO public.signing_keys VALUES ('RJlt-fNamN6r4wSkeBejFrFQAffbs0XQEhtfaqkQcIE', 'RS256', '{"kty":"RSA","n":"tpU-iRO2KG6gdZIXGmGYMFCJk7NBjtX8-0EEyfYaOxwqILCVYz1ng6arWqi2cg7Gs5s7GL7P2Xj8kcTU7XRgS-Qzyg_rR-q46LGmc9so1u6inGdtDolWhysii3Ta4MqD0DcIEhNjrf1Wt42hmbgt1goBTAgoKA5kggGYSmwmCsU1dfAgnPaQW8VwqhdiMasRliaJoXPDSw33j5HoqmSIC0l3gHO_JAqPwpJmnoNMYG5X4kqAjtopozXrRrl13ICBwmgKibDVUjAa7eesVpPmNZ37d3xPAq8mnGlCAebp4mj9TqRTnMDJ6CBBOjA07BzgJyZI1Tjd8Q0KDT-i3P9eww","e":"AQAB","kid":"RJlt-fNamN6r4wSkeBejFrFQAffbs0XQEhtfaqkQcIE","alg":"RS256","use":"sig"}', '4bb06f8e.v7bM4l1u/0q9zvcaJtcBicLQ5CyadKfWTJmvy/S+x7Ent8UIxzUSErxpPn9xv22vFGp17bbXY38M1BKSCsK2yy2f3rwlQqeO8ZHNRAhFBDNbI2TWsA1JbU07wapfrdq2xKCj5YFNT8RT/Fga4ID/dmTPreQ0lvyDB+RVYMm60TNFWnB7OdHN1XGBtwJSaE1omf5T/fcZ2r1J9GQcWBSeVYNeXYybw8NOJHMMN1RLXIiiAL893GEgBgmXzvKHjefCl4JF+jG2Sp+Y19WgsvJxNvPy0xADJPApF6eitGd5gg0ZsdL+bMpE3NPsAaZipflhIf8Mv2lD+v6Q622Sy6tL19agyhvpc7voOgoBtMTcjieTtpTFBced8NcQsigTKOtNsElnug67+7KT0Dt3d7iiNwxag23PP8ss+sxSrNyHaBcw9cm1zYu4Ahka1cZEvKDujFgE6rQe9DyqGfceIMCwLiO29eyDchcL/zylEf1a4D45ElBLSDRY2rXq+6WmYUJkJaFbWjdha55Cy7m9Rn058S/jtzJqGqI1L7E22ERgWsQ3jcjeNkULh02Utl64I/UkeM+B2B9uwNwM16B7K7osDbxtZ9qLCD/XEYzAxHO5FA//vnwSuwqNlsorBpuAqTenGetj8ykE+PhPxIzKAlIID+/C8rVYJ7DdJqLUVoGDyFjnZqRAWBp4NaYMIkKceQtUxMbByjaYw0rkPsXWsLXrrF1MJFBtpU4gc0KoPEBPC9rhtrra7/Z4dU7unHt6K8PxiPoD2pcCfp54xJ6stWhizz7G2PamkriTW15EdYzpywYrr/SV+LZlH5HIrePBQdboBdivRH4yhlUJhkGtFFJLf7xTtZc2hh1/kDcGgQIzXIcIo9wZvMOMiMwCcz3WcqSjGoTl82pipMN7G8vmJxpCZUy2k4RLvtZfnxM4DenGRO8vsNc8RZZfvBDx30UL+WI6KgCUYaFor/B03P3pUBAZzctwqYraWTt7XwCfs6RmbhoCMjd8wHeXIitxWdPdyCJPKOgKBS9JVaRGEMgBiwZmhWd88Ykju+MEco1lD4qOR82qAiU/Op4g+qxkH1LhuOc+J6GjK6wuescL0LJrltI6Gm2DHnpFpfajYyq4Oszu8Xb8GA0yQAt6X3TwBBUcU4jziw83HaUcuGpPgAwZyluqGuDHmyBJDwHaOTUm6GCZX4aPp2BOAKafd3voOqA2WrrKpKxx9cAQuawwgwHmBzBdtMhgmtTaAKsyXVrvkClUEdBez9mVmZ9vyX5o/z+8Mp9Bs8KjKKema8oRhbc5xEmHw37NC5bZ2UeiGR0wEmaiEEK8/YX1BIW8T6sx/ablQYxDtOqTUYq6jxPyh9GQ9RNkYcEYM+ThpS7FXsJywE2i82rvPgJYGIash2OryS1GfkEtR/M3FqMKL4/DYMkldpW5rCb87XgHQ0x9HusKlJYp0Nc0XOEJ+U13FZhQRIYBFRK8NRS2WC7pr5sKvovuStsRKEf2sTM6ezmDtJqAHFxCscUZErC2H7wC4zLC/v2DOhZnsmCRw22l55PtwYv5CukCD+BEXsmiq5/goFl6d+v3FGOWLi2j1VXdJ32Ox50jNwN3RWFFyzvA+R0q9uVtSJEGVFpfPTLOZE0BgM9WvlbMFL5u/HmNZRbDpQ8bbZb6J9AsSpKvSMej6w2kYpoSAhqmJmZHcitM8Gqwsviapl8lc350iotKfp/pXqZp2qpRreXngvhNUc4cSuEEca3JwBWuSnQzYLludbjzZNN4XBTEzJeFgoA7kv1PbJnHPH07zX8STsiDF2vor7oBlplwtW9/hlPIDG9DYqpTZgG2QvX2gz9RT6V7GHXasltimm3NXr+OzWqbAeOCgP+gH8sEdRuRZFGiI2fzfqFHiW6gv1thpuNewNQpPomTcB+s+rCTJIZctrRKFPtDVCSoJ8Q/kJbab8UCYX+pbBDPvlHpN963ZyIBABFhAiu2fOsmXfZzKbNbVPJftuzicE009c9kTOZ/lZ4chNIL0HaGD3+8QJyzDZ5yAFLi6IdARAy5tYoM2GV5/trQEuZWL8h3Xqoif6m0A5LA5QV9ys6bCzj5sCvW+oDjhj4tf5LdXGsriX6AAOt/lVa24YMNTAo3ICH7kxCDch6xCKYFeuUaDU/1A4X1V+hgkETWsUZdoWS9YJoLsKcGgRbpFTtJU+5VDFc=', '2026-11-29 23:57:24.256+00', '2026-11-29 23:57:24.301+00');
INSERT INTO public.signing_keys VALUES ('_UwFTOUez14IpUGkbjZlkLh5baFrmBZNQjZv-CVw6IM', 'RS256', '{"kty":"RSA","n":"l8judeZamBZnR8Ptu4QZ0ClEhKXRr5XCXZM_H3Fzx8424OzHbTOsXvZh3iwVkj6lGp7GWGPdBdTONyiGEdShIsquK6rqIb-ePJ-FoFGC8IRGm5MghQgCxbi6wN4cyO80TXfb11Cx3aBI0vazq_nxU1eR0JDAYnD-SasSdTG4j-EgWeciRikaeJrXYtw6cP_Blqp3_lvhUQoiFbzvwzBblJUiIUx8dFjwSgws_PYXtzH71a3hmzFvPP4-th9bAM8RNwllLU3DSF2qbHwsJDlh8CuibcNrmmivDXUCmX2gZiZS-uKqOTAhzRW8XD4VzO2J-fp0lIXO-4NFMAjioQcQEw","e":"AQAB","kid":"_UwFTOUez14IpUGkbjZlkLh5baFrmBZNQjZv-CVw6IM","alg":"RS256","use":"sig"}', '4bb06f8e.qJEpjsgbROTKOkM8Z2eVG3WDl0iMg4YJ3+Qk6tWhRPx9DY+83dx+/u77+Uu1fGkGvaZJ2PDoRqygTcBuiyD6qTNaPMEunccUe8rFmuC63nBYk8DqoWXL3ur46GTsqJf3Xl0ky+Out6RB5/aEz+wTJqxRC5d+x70x/kr8nqHjaoXbcjL0JKRr7z8YXdpGpJA4UZ21BcFPFNGq9bLdCSu9qlV54gPbxOwJ1kX8nkEzLH5YwOjigGaXhd8skBbyxrXFLUqCtrxz4NGENnY9C6XuPRAhKjgD05uolWE3vOk1Lnmaf9MX7Kra55f8RIZM15Nzx7cWElo89DkPHh3XUoMIauLizNbqdZiibL3Mh327jWYiraKprMtIaz5lrPmy/IfDJuyASR8c5BLVaalSeLus5t9cAv+E7yXxgDoHyrYEtD+wlP+xKxCMX4qwfc7LwvqQHqLZDt1cdRp6INfa7aIoaKou+cIRaS/QYnCEPPfJSJAdeZVIPM7jNt3UofWl/IfEAFq6o7u30uwa3/cJFbJT1/mtUKa+lrftqY020zxKwBUSlxyu6M/jDusG4mpTQW93ZRn2Zq15F2XioP4wvq0E4aoyiCwGWqidlvrFmdLWt0UVJYon3L43c5qkGAU4a9Ftyc5EsFymvmTdXpA+wpjD6LllzZKxHpYFcQbQKJsoeCbgjsDkCmRpEjDTa7lJJmafNK8AOrlNPPWCZM7xTpPDW9nJMyncEwPGVUsLu8wTDKmsN9D8BuhtmTWbqsQDLgwjRaMotQ64hxEFQDpBpRFOUH1ha+D1IATIsgeHk/6dGDixffttnRsY22Se921N/NrlXJ7sCjdIM4GL86ZzGnj7otTeyMD0beKBcLLy+mgWdQwC2RMFqocOv7LrULjttea2UY0znRkjkAkEra9slXDpM68wyPXSZ62gYK75cK3s0aCVza5U3tO95ajb9L/6SihPk/d83nkkvxqYezNGsSALv02a57st+PYq1yNtAv0pIuRJqVl66A1QVdJMsaL3dfIh3WofnrEkxxgNq1zIYFgTwS4nnuMaqN7EzKZ8c8qdFBkezEvLx1x/aIdb2OIWmCVpZgh7tlR+hei+JDKU4Y73RU1+vBveoBUZH0cTnMNt+QocdMgUUX8D4uPqNzULXzB+PyLDJv4oR3u5WeIIfw2+BcCckbIjU3xtDw+eyWGsjVuihEnmo8AEsuLSSfIOs4OpDka7AHuf1pE5yN3GSMF68kK2MICov+b5Th9Vr/R1nBE2Ke1SCDewjIv7alssQFygGUYE0ujkObHTmOcDEETJ2JyIswBzX8saBUj63ldL4E2yZaGb0SgPweuDH4XEyPJLu0BUehdvwUznOpHoRaeAC3qstuo2GYSwdnmbEmVdV3VseDW8hDkeW3pi+JseV46hwP1tikqg94eZ6nHNWel+9E/SNhK8Rk2G3FRGtoxuQqBBZ/wesrC/C0sRDqLoCvgmW8IJu3laUsjRq7ifdxy+oAOzHN1E9CzwJOdeTn8PceoHBYRfl2/jHblHxovoq88Ltc0CptTmS3qJCPSZ3Huhq6voveiV4qVPGb08SE7cF8934Q5e3DytenwIEIkaG1fEE2ldFg+6Eal4w0+jeHxm6zm7oAfCSwPWHBmRQPhgRGRYYtdUoQXOdwusvgUfRzn5kB4ARyjQ9WgNuNbhkvidi+TpIHgtJby/4JkpJfKhhkONxPznKnLzX7PcbQeUYVaDfhLbsrdr7mrj+VrW4eqfnUEtDc5KI6dv6VYqNpx9FEbkoGulik2acONI714MZC1YPRNoGYutkE1CWOiUzukW5idNOHYGC8cJR0oh0hj/lEA/ZaEu/s7uGAUW8toa+LNfGRNifqf9Xc4v7i9AjnvzsuDpkpXs1c/5Ucopc9ERxGfaaacPr7KhZ13k7IcMH2RPYuYPnqSNyXajGzQTHmSqGeUXbQHGP+tDhGT0050CL+SW0u5eBqQas3SAXS/DAlzenSUiOmzPabrpWb6B6gato2Myu80JUsAjqMnJhcLdDZ0KUdOVW5L5ngYTh1agnBAlNInZF+Do5XerBSyYfcT/YggOFz1rINfZ+0FdK4NAeQUqGdOLz242F0hzGLj3AjNIYHOzKua4ixlCQbkLjzU7gJM+eq35HL+MGXspH/wCGLfgwkcEhTP54uHOWZofECD93rdCBRs/G15quNo=', '2026-11-29 23:57:24.301+00', NULL);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_execution_id_attempt_pk PRIMARY KEY (execution_id, attempt);
ALTER TABLE ONLY public.bundles
    ADD CONSTRAINT bundles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.executions
    ADD CONSTRAINT executions_pkey PRIMARY KEY (execution_id);
ALTER TABLE ONLY public.hook_documents
    ADD CONSTRAINT hook_documents_pkey PRIMARY KEY (hook_id);
ALTER TABLE ONLY public.hook_versions
    ADD CONSTRAINT hook_versions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.hooklane_migrations
    ADD CONSTRAINT hooklane_migrations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.hooks
    ADD CONSTRAINT hooks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);
CREATE INDEX executions_by_hook ON public.executions USING btree (hook_id, accepted_at, execution_id);
CREATE INDEX executions_by_hook_status ON public.executions USING btree (hook_id, status, accepted_at, execution_id);
CREATE INDEX executions_by_status ON public.executions USING btree (status, accepted_at, execution_id);
CREATE INDEX executions_by_trigger ON public.executions USING btree (trigger_id, accepted_at, execution_id);
CREATE INDEX executions_by_trigger_status ON public.executions USING btree (trigger_id, status, accepted_at, execution_id);
CREATE INDEX executions_newest ON public.executions USING btree (accepted_at, execution_id);
CREATE INDEX hook_versions_bundle ON public.hook_versions USING btree (bundle_id);
CREATE INDEX hook_versions_lock_hash ON public.hook_versions USING btree (lock_hash);
CREATE UNIQUE INDEX hook_versions_number_unique ON public.hook_versions USING btree (hook_id, number);
CREATE UNIQUE INDEX hooks_name_unique ON public.hooks USING btree (name);
CREATE INDEX hooks_trigger ON public.hooks USING btree (trigger_id);
CREATE UNIQUE INDEX signing_keys_one_current ON public.signing_keys USING btree (algorithm) WHERE (retired_at IS NULL);
ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_execution_id_executions_execution_id_fk FOREIGN KEY (execution_id) REFERENCES public.executions(execution_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hook_documents
    ADD CONSTRAINT hook_documents_hook_id_hooks_id_fk FOREIGN KEY (hook_id) REFERENCES public.hooks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hook_versions
    ADD CONSTRAINT hook_versions_bundle_id_bundles_id_fk FOREIGN KEY (bundle_id) REFERENCES public.bundles(id);
ALTER TABLE ONLY public.hook_versions
    ADD CONSTRAINT hook_versions_hook_id_hooks_id_fk FOREIGN KEY (hook_id) REFERENCES public.hooks(id) ON DELETE CASCADE;
