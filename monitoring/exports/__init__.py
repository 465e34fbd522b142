"""What leaves the records as a file: tables, FHIR Bundles, the printed record, the downtime sheet, the whole clinic."""
