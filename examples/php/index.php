<?php
// Counts visits in PHP's own sessions, which are files in a folder of this instance's.
session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
header('Content-Type: text/plain');
echo getenv('NAME'), ': visit ', $_SESSION['visits'], "\n";
